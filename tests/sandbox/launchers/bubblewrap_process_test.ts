import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  bubblewrapCommand,
  bubblewrapOptions,
  type BubblewrapRequest,
  encodeOptions,
} from "../../../src/sandbox/launchers/bubblewrap.ts";
import { killOrphanBubblewraps } from "../../../src/sandbox/orphans.ts";
import { type ConfinedBench, openConfinedBench } from "../../support/confined.ts";
import { layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";

const BASE: BubblewrapRequest = {
  variables: {},
  mounts: [],
  cwd: "/w",
  hasNetwork: false,
  startsOthers: false,
  emptyFiles: [],
  hasFilter: false,
};

/** Those of this machine that are there, as bubblewrap's options. */
function systemDirectories(): string[] {
  return ["/bin", "/sbin", "/lib", "/lib32", "/lib64"].flatMap((path) => {
    try {
      return Deno.lstatSync(path).isSymlink ? ["--symlink", Deno.readLinkSync(path), path] : readOnly(path);
    } catch {
      return [];
    }
  });
}

function readOnly(...paths: string[]): string[] {
  return paths.flatMap((path) => ["--ro-bind-try", path, path]);
}

const LIBRARIES = ["/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/bin"];

Deno.test("bubblewrapCommand() holds nothing but the place for a descriptor", () => {
  assertEquals(bubblewrapCommand("/bwrap"), ["/bwrap", "--args", "", "--"]);
});

Deno.test("encodeOptions() ends each option with a NUL, the empty one too", () => {
  assertEquals(new TextDecoder().decode(encodeOptions(["--setenv", "A", "", "b\nä"])), "--setenv\0A\0\0b\nä\0");
});

Deno.test("bubblewrapOptions() unshares everything, drops everything, and shows libraries and programs alone, for an empty request", () => {
  assertEquals(bubblewrapOptions(BASE), [
    "--clearenv",
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--hostname",
    "codebeaker",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    ...readOnly(...LIBRARIES),
    ...systemDirectories(),
    ...readOnly("/etc/ld.so.cache"),
    "--proc",
    "/proc",
    ...["--dev-bind-try", "/dev/null", "/dev/null"],
    ...["--dev-bind-try", "/dev/urandom", "/dev/urandom"],
    "--remount-ro",
    "/",
    "--chdir",
    "/w",
  ]);
});

/** What one setting changes of the options for an empty request. */
function added(request: Partial<BubblewrapRequest>): string[] {
  const before = [...bubblewrapOptions(BASE)];
  return bubblewrapOptions({ ...BASE, ...request }).filter((arg) => {
    const at = before.indexOf(arg);
    if (at >= 0) before.splice(at, 1);
    return at < 0;
  });
}

Deno.test("bubblewrapOptions() adds for each setting exactly what that takes", () => {
  assertEquals(added({ hasFilter: true }), ["--seccomp", "9"]);
  assertEquals(added({ emptyFiles: ["/proc/a"] }), ["--dev-bind", "/proc/a", "/dev/null"]);
  assertEquals(added({ variables: { A: "b c", D: "" } }), ["--setenv", "A", "b c", "--setenv", "D", ""]);
  const network = added({ hasNetwork: true });
  assertEquals(network[0], "--share-net");
  for (const path of ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl"]) assert(network.includes(path), path);
  for (const path of ["/etc", "/etc/passwd", "/etc/shadow", "/run", "/var"]) assert(!network.includes(path), path);
  const others = added({ startsOthers: true });
  assertEquals(others.slice(0, 3), ["--ro-bind", "/usr", "/usr"]);
  assertEquals(others.slice(-4), ["--dev", "/dev", "/dev", "--remount-ro"]); // One "--remount-ro" was there before.
  assert(!others.includes("/etc") && others.includes("/etc/alternatives"));
  const etc = added({ etc: "/s/etc" });
  assertEquals(etc, ["--uid", "1000", "--gid", "1000", "--ro-bind", "/s/etc", "/etc"]);
  assert(!bubblewrapOptions({ ...BASE, etc: "/s/etc" }).includes("/etc/ld.so.cache"));
});

Deno.test("bubblewrapOptions() mounts what lies below another after it, each with its own access", () => {
  const mounts = [
    { source: "/data/deep", target: "/tmp/granted/deep", access: "read" },
    { source: "/s/w", target: "/workspace", access: "write" },
    { source: "/data", target: "/tmp/granted", access: "write" },
    { source: "/s/bin", target: "/codebeaker/bin", access: "execute" },
    { source: "/s/tmp", target: "/tmp", access: "write" },
    { source: "/granted tmp", target: "/tmp/", access: "read" },
  ] as const;
  const args = bubblewrapOptions({ ...BASE, mounts });
  const from = args.lastIndexOf("/dev/urandom") + 1;
  assertEquals(args.slice(from, args.indexOf("--remount-ro")), [
    ...["--bind-try", "/s/w", "/workspace"],
    ...["--bind-try", "/s/tmp", "/tmp"],
    ...["--ro-bind-try", "/granted tmp", "/tmp/"],
    ...["--bind-try", "/data", "/tmp/granted"],
    ...["--ro-bind-try", "/s/bin", "/codebeaker/bin"],
    ...["--ro-bind-try", "/data/deep", "/tmp/granted/deep"],
    ...["--symlink", "/workspace", "/home/user"],
  ]);
  const home = { source: "/home/user/data", target: "//home/user/data", access: "read" } as const;
  assert(!bubblewrapOptions({ ...BASE, mounts: [...mounts, home] }).includes("/home/user"));
});

Deno.test("killOrphanBubblewraps() kills those that were started in a directory, and nothing else", async () => {
  const directory = await Deno.makeTempDir();
  const start = (binary: string, cwd: string) =>
    new Deno.Command(binary, { args: ["-c", "echo up; read line"], cwd, stdin: "piped", stdout: "piped" }).spawn();
  try {
    await Deno.symlink("/bin/sh", `${directory}/bwrap`);
    for (const name of ["lost", "lost2", "lost/below"]) await Deno.mkdir(`${directory}/${name}`);
    const lost = start(`${directory}/bwrap`, `${directory}/lost`);
    const others = [
      start(`${directory}/bwrap`, `${directory}/lost2`),
      start(`${directory}/bwrap`, `${directory}/lost/below`),
      start("/bin/sh", `${directory}/lost`),
    ];
    const readers = [lost, ...others].map(({ stdout }) => stdout.getReader());
    await Promise.all(readers.map((reader) => reader.read()));
    killOrphanBubblewraps(await Deno.realPath(`${directory}/lost`));
    assertEquals((await lost.status).signal, "SIGKILL");
    for (const other of others) other.kill("SIGTERM"); // They are there.
    assertEquals(
      (await Promise.all(others.map(({ status }) => status))).map(({ signal }) => signal),
      others.map(() => "SIGTERM" as const),
    );
    await Promise.all(readers.map((reader) => reader.cancel()));
    await Promise.all([lost, ...others].map(({ stdin }) => stdin.abort()));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const bench = await openConfinedBench();
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
if (isPresent("bubblewrap", layerAvailability(bench.confinement, "bubblewrap"))) testInside(bench);

function testInside(bench: ConfinedBench): void {
  const linesOf = async (script: string, options = {}) =>
    (await bench.sh(script, options)).stdout.trimEnd().split("\n");

  Deno.test("bubblewrap: a program sees no other process than its own, and none of the host's", async () => {
    const pids = await linesOf("cd /proc && ls -d [0-9]*");
    assert(pids.length <= 4 && pids.every((pid) => Number(pid) < 20), `${pids}`);
    const { stdout } = await bench.sh(`kill -0 ${Deno.pid} 2>/dev/null && echo reached; cat /proc/1/comm`);
    assertEquals(stdout, "bwrap\n");
  });

  Deno.test("bubblewrap: only a program that was granted the network has the host's", async () => {
    assertEquals((await linesOf("tail -n +3 /proc/net/dev")).map((line) => line.trim().split(":")[0]), ["lo"]);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = (listener.addr as Deno.NetAddr).port;
    const count = `grep -c ":${port.toString(16).toUpperCase().padStart(4, "0")}" /proc/net/tcp`;
    assertEquals([await linesOf(count), await linesOf(count, { hasNetwork: true })], [["0"], ["1"]]);
  });

  Deno.test("bubblewrap: nothing can be written but what was mounted for it", async () => {
    const places = ["/", "/dev", "/usr", "/usr/bin", "/etc", "/codebeaker", "/proc", "/lib", "/bin"];
    const script = places.map((place) => `{ echo >${place}/file; } 2>/dev/null && echo ${place}; `).join("");
    assertEquals((await bench.sh(`${script} mkdir /new; rm -f /usr/bin/env; echo x >own && cat own`)).stdout, "x\n");
    assertEquals(await Deno.readTextFile(`${bench.workspace.source}/own`), "x\n");
  });

  Deno.test("bubblewrap: a program sees no file of the host that is not named", async () => {
    assertEquals(
      await linesOf("ls -A /etc; ls -A /home; ls -A / /root /var /run /sys /boot /work 2>/dev/null | grep -x root"),
      [...(await linesOf("ls -A /etc")), "user"],
    );
    assertEquals((await bench.sh("cat /etc/shadow /etc/machine-id /etc/resolv.conf")).stdout, "");
    assertEquals(
      (await bench.sh("cat /etc/hostname; id -un; getent passwd | wc -l")).stdout,
      "codebeaker\nprogram\n2\n",
    );
    const { stdout } = await bench.sh("hostname 2>/dev/null || cat /proc/sys/kernel/hostname");
    assertEquals(stdout, "codebeaker\n");
  });

  Deno.test("bubblewrap: a program that starts no others sees of /usr what it takes to start, and be refused", async () => {
    assertEquals(await linesOf("ls /dev", { startsOthers: false }), ["null", "urandom"]);
    const names = await linesOf("ls /usr", { startsOthers: false });
    assertEquals(names.filter((name) => !["bin", "lib", "lib32", "lib64"].includes(name)), []);
    assert((await linesOf("ls /usr")).includes("share"));
  });

  Deno.test("bubblewrap: a program has exactly its variables, whatever is in them", async () => {
    const env = { GIVEN: "one", EMPTY: "", LINES: "a\n--setenv\n'ä😀", LD_PRELOAD: "", MANY: "x".repeat(130_000) };
    const { stdout } = await bench.sh("tr '\\0' '\\n' </proc/self/environ", { env });
    const given = Object.entries({ PATH: "/usr/bin:/bin", PWD: "/workspace", ...env }).map(([name, value]) =>
      `${name}=${value}`
    );
    assertEquals(stdout.trimEnd().split("\n").toSorted(), given.join("\n").split("\n").toSorted());
  });

  Deno.test("bubblewrap: a program finds neither paths, options nor variables of its launchers", async () => {
    const { stdout } = await bench.sh(
      "cat /proc/1/environ; echo; tr '\\0' '\\n' </proc/1/cmdline; ls -l /proc/1/fd /proc/1/cwd",
      {
        env: { GIVEN: "one" },
      },
    );
    assertMatch(stdout, /^\n\/usr\/bin\/bwrap\n--args\n\d+\n--\n\/bin\/sh\n-c\n/);
    assert(!stdout.includes(bench.scratchPath) && !stdout.includes("memfd"), stdout);
  });

  Deno.test("bubblewrap: launchers do not obey a program's variables", async () => {
    const library = `${bench.workspace.source}/preloaded.so`;
    await Deno.writeTextFile(library, "none");
    // The loader of each program says on stderr that it cannot preload what is none.
    const { stderr } = await bench.run(["/bin/true"], { env: { LD_PRELOAD: library } });
    const inside = await bench.run(["/bin/true"], { env: { LD_PRELOAD: "/workspace/preloaded.so" } });
    assertEquals([stderr.match(/cannot be preloaded/g)?.length, inside.stderr.match(/preloaded/g)?.length], [1, 2]);
  });

  Deno.test("bubblewrap: a program reads nothing of what /proc has on this machine and its kernel", async () => {
    const names = ["cmdline", "config.gz", "crypto", "interrupts", "iomem", "kallsyms", "key-users", "keys", "modules"];
    for (const startsOthers of [true, false]) {
      const paths = names.map((name) => `/proc/${name}`).join(" ");
      const { stdout } = await bench.run(["/usr/bin/sh", "-c", `wc -c /proc/version ${paths} 2>/dev/null`], {
        startsOthers,
      });
      const sizes = stdout.trim().split("\n").map((line) => line.trim().split(" "));
      assertEquals(sizes.filter(([size, path]) => size !== "0" && path !== "total").map(([, path]) => path), [
        "/proc/version",
      ]);
      assert(sizes.length > 5, stdout);
    }
  });

  Deno.test("bubblewrap: a program is neither root nor the service's user, and has no capability", async () => {
    const { stdout } = await bench.sh("id -u; id -G; cat /proc/self/status");
    const [uid, groups] = stdout.split("\n");
    assertEquals([uid, groups], ["1000", "1000"]);
    if (Deno.uid() === 0) assertEquals(Deno.statSync(bench.workspace.source).uid, bench.directory.uid);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      assertMatch(stdout, new RegExp(`^${set}:\\s+0+$`, "m"));
    }
    assertMatch(stdout, /^NoNewPrivs:\s+1$/m);
  });

  Deno.test("bubblewrap: a program makes no namespace of its own", async () => {
    const { stdout } = await bench.sh("unshare -U true && echo made; unshare -r true && echo made");
    assertEquals(stdout, "");
  });

  Deno.test("bubblewrap: a program leads a session of its own, and has no descriptor but its three", async () => {
    const { stdout } = await bench.sh("exec ls -l /proc/self/fd");
    const descriptors = stdout.trimEnd().split("\n").slice(1).map((line) => line.replace(/^.*\d\d:\d\d /, ""));
    assertEquals(descriptors.length, 4, stdout);
    assertEquals(descriptors.slice(0, 3).every((line) => /^[012] -> (pipe|socket):/.test(line)), true);
  });

  Deno.test("bubblewrap: a mount that is not there is none, and one that lies below another is seen", async () => {
    const directory = await Deno.makeTempDir();
    await Deno.chmod(directory, 0o755);
    await Deno.mkdir(`${directory}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${directory}/a/b/file`, "seen");
    const { stdout, stderr } = await bench.sh("cat /workspace/a/b/file; ls -d /workspace/none", {
      mounts: [
        { source: `${directory}/a/b`, target: "/workspace/a/b", access: "read" },
        { source: `${directory}/none`, target: "/workspace/none", access: "read" },
      ],
    });
    assertEquals([stdout, stderr.includes("/workspace/none")], ["seen", true]);
    await Deno.remove(directory, { recursive: true });
  });
}

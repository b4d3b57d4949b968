import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { basename, fromFileUrl, join } from "@std/path";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { isAlive } from "../../src/process/process_tree.ts";
import { spawnGroup } from "../../src/process/spawn.ts";
import { readMounts } from "../../src/host/mounts.ts";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { openConfinedBench } from "../support/confined.ts";
import { ALL_LAYERS, LAYER_COMBINATIONS, layerAvailability } from "../support/layers.ts";
import { isPresent } from "../support/requirements.ts";
import { spareLauncherOf, spareLaunchersOf } from "../support/spare_launcher.ts";
import { until } from "../support/until.ts";

Deno.test("Confinement.none() has no layer, and leaves a command line as it is", async () => {
  using confinement = Confinement.none();
  assertEquals([confinement.findings, confinement.layers], [[], []]);
  const { canKeepToIpv4, canMount, hidesFiles, isSandbox, separatesProcesses } = confinement;
  assertEquals([canKeepToIpv4, canMount, hidesFiles, isSandbox, separatesProcesses], [
    false,
    false,
    false,
    false,
    false,
  ]);
  const parent = await Deno.makeTempDir();
  {
    await using directory = confinement.makeDirectory(`${parent}/a`, { diskMb: 1 });
    assertEquals([directory.isBounded, directory.uid], [false, undefined]);
    const confined = confinement.confine({
      argv: ["/bin/echo", "a"],
      cwd: "/somewhere",
      mounts: [{ source: "/a", target: "/b", access: "write" }],
      directory,
      limits: DEFAULT_LIMITS,
      reservedDataBytes: 1,
      hasNetwork: false,
      startsOthers: false,
      variables: { A: "b" },
    });
    const { argv, cwd, env, inherited, leadsGroup } = confined;
    assertEquals({ argv, cwd, env, inherited, leadsGroup }, {
      argv: ["/bin/echo", "a"],
      cwd: "/somewhere",
      env: { A: "b" },
      inherited: undefined,
      leadsGroup: false,
    });
    const status = { success: false, code: 137, signal: null };
    assertEquals(confined.statusOf(status), status);
  }
  assertEquals([confinement.reachable("/bin/sh"), confinement.isClosed("/root/x")], ["/bin/sh", false]);
  await Deno.remove(parent);
});

/** What a program finds of its own confinement. */
const OWN_VIEW = `id; grep -E "^(NoNewPrivs|Seccomp|Cap|Groups|SigIgn|SigBlk)" /proc/self/status
cat /proc/self/limits /proc/self/cgroup; readlink /proc/self/ns/net >/dev/null; ls /proc/self/fd; env | sort; umask
tr "\\0" "\\n" </proc/1/environ; tr "\\0" " " </proc/1/cmdline | sed -E "s/--args [0-9]+/--args N/"
sed -E "s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+//" /proc/self/mountinfo; cut -d " " -f 5-8 /proc/self/stat; echo "$@"`;

const LANDLOCK = LAYER_COMBINATIONS.find(({ needs }) => needs.includes("landlock")) ??
  { title: "no Landlock", without: [] };

for (const { title, without, needs } of LAYER_COMBINATIONS) {
  const bench = await openConfinedBench(...without);
  Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
  const { confinement } = bench;
  if (!needs.every((name) => isPresent(name, layerAvailability(confinement, name)))) continue;

  Deno.test(`Confinement [${title}] tells each layer once, with what to do for one that is not on`, () => {
    const names = confinement.findings.map(({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    assertEquals(ALL_LAYERS.filter((name) => !names.includes(name)), confinement.canMount ? ["landlock"] : []);
    for (const { active, detail, name, remedy } of confinement.findings) {
      assertEquals([name, detail.length > 0, remedy === undefined], [name, true, active]);
      if (without.some((unwanted) => unwanted === name)) assertEquals([name, active], [name, false]);
    }
    assertEquals(
      confinement.layers,
      confinement.findings.filter(({ active }) => active).map(({ name }) => name).toReversed(),
    );
  });

  Deno.test(`Confinement [${title}] says of itself what its layers do`, () => {
    const has = (name: string) => confinement.layers.includes(name);
    assertEquals(confinement.canMount, has("namespaces"));
    const isKeptTogether = ["landlock", "seccomp", "own_user", "rlimits"].every(has);
    assertEquals(confinement.separatesProcesses, has("namespaces") || isKeptTogether);
    const isComplete = ["namespaces", "seccomp", "no_new_privs", "own_user", "rlimits", "cgroup"].every(has);
    assertEquals(confinement.isComplete, isComplete);
    assertEquals(confinement.hidesFiles, has("namespaces") || has("landlock"));
    assertEquals(confinement.canKeepToIpv4, has("seccomp"));
    assertEquals(confinement.isSandbox, confinement.hidesFiles && has("seccomp") && has("no_new_privs"));
  });

  Deno.test(`Confinement [${title}] makes the child the leader of its own group, whose number is its own`, async () => {
    const program = bench.start(["/bin/sh", "-c", "echo up; sleep 60"]);
    await program.read();
    const fields = Deno.readTextFileSync(`/proc/${program.pid}/stat`).replace(/^.*\) /s, "").split(" ");
    assertEquals(fields[2], `${program.pid}`);
    assertEquals(Number(Deno.readTextFileSync(`/proc/${program.pid}/oom_score_adj`)) >= 500, true);
    program.processes.signal("SIGKILL");
    assertEquals((await program.end()).status.signal, "SIGKILL");
  });

  Deno.test(`Confinement [${title}] tells how the program ended, and not what stood around it`, async () => {
    assertEquals((await bench.sh("exit 42")).status, { success: false, code: 42, signal: null });
    assertEquals((await bench.sh("kill -SEGV $$")).status.signal, "SIGSEGV");
    assertEquals((await bench.sh("kill -KILL $$")).status.signal, "SIGKILL");
  });

  if (confinement.canMount) {
    Deno.test(`Confinement [${title}] confines a program whose launchers waited as any, with its arguments as they are`, async () => {
      await using bench = await openConfinedBench(...without);
      await using kept = bench.confinement.keepSpareLauncher();
      const view = async (...args: string[]) => {
        const spare = spareLaunchersOf(bench.scratchPath)[0];
        const program = bench.start(["/bin/sh", "-c", OWN_VIEW, "sh", ...args]);
        const groups = Deno.readTextFileSync(`/proc/${program.pid}/oom_score_adj`);
        const { status, stdout } = await program.end();
        return { usedSpare: program.pid === spare, seen: [status, stdout, groups] };
      };
      for (const args of [["", "a b", "$(id)", "'", '"', "\\", "*", ";", "\na\n\n"], ["é"], ["x".repeat(3_000)]]) {
        const first = await view(...args);
        await spareLauncherOf(bench.scratchPath);
        const second = await view(...args);
        assertEquals(second.seen, first.seen);
        assertEquals(second.usedSpare, args.length > 1); // The others no line can say.
      }
      Deno.kill(await spareLauncherOf(bench.scratchPath), "SIGKILL");
      await until(() => spareLaunchersOf(bench.scratchPath).length === 0, "it is gone");
      assertEquals((await bench.sh("echo a")).stdout, "a\n"); // It does not become this one.
      await spareLauncherOf(bench.scratchPath);
      await kept?.[Symbol.asyncDispose]();
      assertEquals(spareLaunchersOf(bench.scratchPath), []);
    });
  }

  if (confinement.layers.includes("own_user")) {
    Deno.test(`Confinement [${title}] gives each environment another user, that reaches nothing of another's`, async () => {
      await using other = confinement.makeDirectory(`${bench.scratchPath}/other-${crypto.randomUUID()}`, { diskMb: 1 });
      const secret = `${other.makeDirectory("inner")}/secret`;
      await Deno.writeTextFile(secret, "secret", { mode: 0o644 });
      other.own(secret);
      assert(other.uid !== bench.directory.uid && other.uid !== 0);
      const { stdout } = await bench.sh(`: >own; cat ${secret}; ls ${other.path}; ls ${bench.scratchPath}`);
      assertEquals([stdout, Deno.statSync(`${bench.workspace.source}/own`).uid], ["", bench.directory.uid]);
    });

    Deno.test(`Confinement [${title}] makes a binary reachable that others cannot get to, or may not start`, async () => {
      const closed = await Deno.makeTempDir();
      await Deno.copyFile("/bin/echo", `${closed}/linked`);
      await Deno.copyFile("/bin/echo", `${closed}/copied`);
      await Deno.chmod(`${closed}/copied`, 0o700);
      assertEquals(confinement.reachable("/bin/echo"), await Deno.realPath("/bin/echo"));
      for (const name of ["linked", "copied"]) {
        const path = confinement.reachable(`${closed}/${name}`);
        assertEquals(path, `${bench.scratchPath}/${name}`);
        assertEquals([confinement.reachable(`${closed}/${name}`), (Deno.statSync(path).mode ?? 0) & 0o111], [
          path,
          0o111,
        ]);
        const mounts = [{ source: path, target: path, access: "execute" }] as const;
        assertEquals((await bench.run([path, "reached"], { mounts })).stdout, "reached\n");
        await Deno.remove(path);
      }
      assertEquals([confinement.isClosed(`${closed}/linked`), confinement.isClosed("/usr/bin/env")], [true, false]);
      assertEquals(confinement.isClosed("/no/such/place"), false);
      await Deno.remove(closed, { recursive: true });
    });
  }
}

Deno.test("Confinement leaves nothing behind: no mount, control group or file", async () => {
  const { scratchPath } = await (async () => {
    await using bench = await openConfinedBench();
    await bench.sh("echo a >file");
    return bench;
  })();
  assertEquals(leftOf(scratchPath), []);
});

/** Mounts, control groups and files that carry the name of a directory. */
function leftOf(directory: string): string[] {
  const name = directory.slice(directory.lastIndexOf("/") + 1);
  const mounts = Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) =>
    line.includes(`${directory}/`)
  );
  const groups = Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) => / cgroup2? /.test(line))
    .flatMap((line) => {
      const [, , , , point = ""] = line.split(" ");
      return groupsBelow(point, name);
    });
  return [
    ...mounts,
    ...groups,
    ...[...Deno.readDirSync("/tmp")].map((entry) => entry.name).filter((entry) => entry.startsWith(name)),
  ];
}

function groupsBelow(point: string, name: string): string[] {
  const own = Deno.readTextFileSync("/proc/self/cgroup").trim().split("\n").map((line) =>
    line.split(":").at(-1) ?? "/"
  );
  return [...new Set(["/", ...own])].map((path) => `${point}${path === "/" ? "" : path}/codebeaker-${name}`).filter(
    (path) => {
      try {
        return Deno.statSync(path).isDirectory;
      } catch {
        return false;
      }
    },
  );
}

Deno.test("a program that cannot be started, or not be confined, leaves no control group and no namespace open", async () => {
  await using bench = await openConfinedBench();
  await bench.sh("true"); // Deno opens its own descriptors with the first one.
  const before = heldFor(bench.scratchPath);
  const { confinement, directory, workspace } = bench;
  const confine = () =>
    confinement.confine({
      argv: ["/bin/true"],
      cwd: workspace.target,
      mounts: [workspace],
      directory,
      limits: DEFAULT_LIMITS,
      reservedDataBytes: 1_000_000_000,
      hasNetwork: false,
      startsOthers: true,
      variables: {},
    });
  assertThrows(() => spawnGroup({ ...confine(), argv: ["/nope"] }), CodeBeakerError, "Cannot start /nope");
  const confined = confine();
  let held: string[] = [];
  const refuse = (pid: number) => {
    confined.onSpawned(pid);
    held = heldFor(bench.scratchPath);
    throw new Error("refused");
  };
  assertThrows(() => spawnGroup({ ...confined, onSpawned: refuse }), CodeBeakerError, "refused");
  assert(confinement.layers.length === 0 || held.length > before.length, `${held}`);
  await until(() => heldFor(bench.scratchPath).length === before.length, "nothing of either is left");
});

/** The control groups of a service's programs, and the mount namespaces that this process has open. */
function heldFor(path: string): string[] {
  const points = readMounts().filter(({ type }) => type.startsWith("cgroup")).map(({ point }) => point);
  const services = points.flatMap((point) => groupsBelow(point, basename(path)));
  const groups = services.flatMap((service) =>
    [...Deno.readDirSync(service)].filter(({ isDirectory }) => isDirectory).map(({ name }) => join(service, name))
  );
  const opened = [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // It was the one that reads the directory.
    }
  });
  return [...groups, ...opened.filter((target) => target.startsWith("mnt:"))];
}

for (const without of [[], LANDLOCK.without]) {
  const title = without.length === 0 ? "with every layer" : LANDLOCK.title;
  Deno.test(`what a killed service left is removed by the next one (${title}): programs, mounts, control groups, files`, async () => {
    const script = fromFileUrl(new URL("lost_confinement.ts", import.meta.url));
    const service = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--allow-all", script, ...without],
      stdout: "piped",
    }).spawn();
    const reader = service.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const path = ((await reader.read()).value ?? "").trim();
    assertMatch(path, /^\/tmp\/codebeaker-[0-9a-f-]+$/);
    const { uid } = Deno.statSync(`${path}/environment`);
    const [before, running] = [leftOf(path), processesOf(uid)];
    assert(before.length > 0 && running.length > 1, `${before} ${running}`);
    const waiting = spareLaunchersOf(path);
    service.kill("SIGKILL");
    await Promise.all([service.status, reader.cancel()]);
    await until(() => !waiting.some(isAlive), "no launcher waits for a service that is gone");
    await until(async () => {
      await using _ = await Scratch.open("/tmp", { release: releaseOrphans });
      return leftOf(path).length === 0 && (uid === 0 || processesOf(uid).length === 0);
    }, "nothing of it is left");
  });
}

/** The processes of a user that can still do something. */
function processesOf(uid: number | null): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((pid) => {
    try {
      return Deno.lstatSync(`/proc/${pid}`).uid === uid && isAlive(Number(pid));
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

Deno.test("Confinement tells by its version whether the same layers are told the same", async () => {
  const told = async (...without: Parameters<typeof openConfinedBench>) => {
    await using bench = await openConfinedBench(...without);
    return [bench.confinement.layers.join(), bench.confinement.version];
  };
  const all = [await told(), await told("namespaces"), await told("namespaces", "landlock"), await told()];
  const count = (index: number) => new Set(all.map((one) => one[index])).size;
  assertEquals(count(1), count(0));
});

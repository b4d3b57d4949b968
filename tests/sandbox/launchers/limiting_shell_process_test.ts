import { assert, assertEquals, assertMatch } from "@std/assert";
import { limitingLine, limitingShell, spareShell } from "../../../src/sandbox/launchers/limiting_shell.ts";
import { openConfinedBench } from "../../support/confined.ts";
import { layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";

const LIMITS = { cpuSeconds: 3, fileBytes: 1_000_000, dataBytes: 300_000_001, descriptors: 64 };
const BOUNDS =
  "{ ulimit -St 3; ulimit -Ht 4; ulimit -f 1954; ulimit -d 292969; ulimit -n 64; ulimit -c 0; :; } 2>/dev/null; ";

/** A shell whose service is gone by then does not become the command. */
const OWNED = `[ "$PPID" = ${Deno.pid} ] || exit 126; `;

Deno.test("limitingShell() is exactly this", () => {
  assertEquals(limitingShell(LIMITS, { filterPath: undefined }), ["/bin/sh", "-c", `${OWNED}${BOUNDS}exec "$@"`, "sh"]);
  assertEquals(limitingShell(undefined, { filterPath: "/f.bpf" }), [
    "/bin/sh",
    "-c",
    `${OWNED}{  :; } 2>/dev/null; exec 9<'/f.bpf' "$@"`,
    "sh",
  ]);
  assertEquals(
    limitingShell(undefined, { filterPath: undefined, hidesDirectory: true })[2],
    `${OWNED}{  :; } 2>/dev/null; unset PWD OLDPWD; exec "$@"`,
  );
  assertEquals(limitingShell({ ...LIMITS, tasks: 12 }, { filterPath: "/f.bpf" }), [
    "/bin/sh",
    "-c",
    `${OWNED}${BOUNDS.replace(" :;", " ulimit -u 12 || ulimit -p 12; :;")}exec 9<'/f.bpf' "$@"`,
    "sh",
  ]);
  const refused = '{ echo "its control group cannot be joined" >&2; exit 126; }';
  assertEquals(limitingShell(LIMITS, { filterPath: undefined, groupFiles: ["/a/procs", "/it's/procs"] }), [
    "/bin/sh",
    "-c",
    `${OWNED}{ echo 0 >'/a/procs'; } 2>/dev/null || ${refused}; { echo 0 >'/it'\\''s/procs'; } 2>/dev/null || ${refused}; ${BOUNDS}exec "$@"`,
    "sh",
  ]);
});

async function run(argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [file = "", ...args] = argv;
  const { code, stdout, stderr } = await new Deno.Command(file, { args, clearEnv: true }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out, stderr: err };
}

Deno.test("limitingShell() becomes the command, with its arguments as they are", async () => {
  const args = ["", "a b", "$(id)", "'", '"', "-x", "*"];
  const { stdout } = await run([
    ...limitingShell(LIMITS, { filterPath: undefined }),
    "/usr/bin/printf",
    "[%s]",
    ...args,
  ]);
  assertEquals(stdout, args.map((arg) => `[${arg}]`).join(""));
});

Deno.test("limitingShell() adds no variable to a command that is not to learn the directory", async () => {
  const [file = "", ...args] = [
    ...limitingShell(LIMITS, { filterPath: undefined, hidesDirectory: true }),
    "/usr/bin/env",
  ];
  const env = { A: "b" };
  const { stdout } = await new Deno.Command(file, { args, clearEnv: true, env, cwd: "/tmp" }).output();
  assertEquals(new TextDecoder().decode(stdout), "A=b\n");
});

Deno.test("limitingShell() opens the filter, and nothing else, for the command", async () => {
  const filterPath = await Deno.makeTempFile();
  await Deno.writeTextFile(filterPath, "filter");
  const { stdout } = await run([
    ...limitingShell(undefined, { filterPath }),
    "/bin/sh",
    "-c",
    "cat <&9; ls /proc/self/fd",
  ]);
  assertEquals(stdout.replaceAll("\n", " ").trim(), "filter0 1 2 3 9");
  await Deno.remove(filterPath);
});

Deno.test("limitingShell() joins the groups before it becomes the command, which does not begin without one", async () => {
  const directory = await Deno.makeTempDir();
  const groupFiles = [`${directory}/it's`, `${directory}/b`];
  const joined = await run([
    ...limitingShell(LIMITS, { filterPath: undefined, groupFiles }),
    "/bin/cat",
    ...groupFiles,
  ]);
  assertEquals(joined, { code: 0, stdout: "0\n0\n", stderr: "" });
  const refused = await run([
    ...limitingShell(LIMITS, { filterPath: undefined, groupFiles: [...groupFiles, `${directory}/none/procs`] }),
    "/bin/echo",
    "begun",
  ]);
  assertEquals(refused, { code: 126, stdout: "", stderr: "its control group cannot be joined\n" });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("limitingShell() begins also where a bound is lower already, and sets the others", async () => {
  const { code, stdout } = await run([
    "/bin/sh",
    "-c",
    'ulimit -t 2; exec "$@"',
    "sh",
    ...limitingShell(LIMITS, { filterPath: undefined }),
    "/bin/sh",
    "-c",
    "ulimit -c; ulimit -n; ulimit -St",
  ]);
  assertEquals([code, stdout], [0, "0\n64\n2\n"]);
});

for (
  const without of [[], ["cgroup"], ["namespaces"], [
    "namespaces",
    "landlock",
    "seccomp",
    "no_new_privs",
    "own_user",
    "tmpfs",
  ]] as const
) {
  const bench = await openConfinedBench(...without);
  Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
  if (!isPresent("rlimits", layerAvailability(bench.confinement, "rlimits"))) continue;
  const { layers } = bench.confinement;
  const title = without.length === 0 ? "all" : `without ${without.join(", ")}`;

  Deno.test(`resource limits [${title}]: a program sees them`, async () => {
    const limits = { cpuMs: 2_500, diskMb: 3, memoryMb: 100, maxProcesses: 10 };
    const { stdout } = await bench.sh("cat /proc/self/limits", { limits });
    const [, soft, hard] = /Max cpu time +(\d+) +(\d+) /.exec(stdout) ?? [];
    assert(Number(soft) >= 3 && Number(soft) <= 6 && Number(hard) === Number(soft) + 1, stdout);
    assertMatch(stdout, /Max data size +1209715712 +1209715712 |Max data size +1209715200 +1209715200 /);
    assertMatch(stdout, layers.includes("tmpfs") ? /Max file size +unlimited/ : /Max file size +(\d{7,8}) +\1 /);
    assertMatch(stdout, /Max open files +4096 +4096 /);
    assertMatch(stdout, /Max core file size +0 +0 /);
    const hasProcesses = layers.includes("own_user") && !layers.includes("cgroup");
    assertEquals(/Max processes +(\d{3}) +\1 /.test(stdout), hasProcesses, stdout);
  });

  Deno.test(`resource limits [${title}]: no more descriptors than they say`, async () => {
    const { status, stderr } = await bench.run([
      "/usr/bin/perl",
      "-e",
      'open($f[$_], "<", "/dev/null") or die "at $_: $!" for 0..4999;',
    ]);
    assertMatch(stderr, /^at 40\d\d: Too many open files/);
    assertEquals(status.success, false);
  });

  // The kernel does what a program sees; its signal is told through namespaces, and where there is no layer.
  if (without.length === 1 || layers.includes("tmpfs")) continue; // A file of any size may be made of holes there.
  Deno.test(`resource limits [${title}]: files end a program by the kernel's signal`, async () => {
    const wrote = await bench.sh("exec head -c 30000000 /dev/zero >file", { limits: { diskMb: 1 } });
    assertEquals(wrote.status.signal, "SIGXFSZ");
  });
}

Deno.test("limitingShell() has the kernel end a command at its CPU time", async () => {
  const [file = "", ...args] = limitingShell({ ...LIMITS, cpuSeconds: 1 }, { filterPath: undefined });
  const { signal } = await new Deno.Command(file, { args: [...args, "/bin/sh", "-c", "while :; do :; done"] }).output();
  assertEquals(signal, "SIGXCPU");
});

Deno.test("limitingShell() becomes no command whose service is gone", async () => {
  const [file = "", ...args] = limitingShell(undefined, { filterPath: undefined });
  const { code, stdout } = await run(["/bin/sh", "-c", '"$@"; :', "sh", file, ...args, "/bin/echo", "begun"]);
  assertEquals([code, stdout], [0, ""]);
});

Deno.test("spareShell() becomes no command whose service is gone", async () => {
  const [file = "", option = "", script = "", ...rest] = spareShell();
  const line = limitingLine(undefined, { filterPath: undefined, argv: ["/bin/echo", "begun"] }) ?? "";
  const say = async (waiting: string, through: readonly string[]) => {
    const [first = "", ...args] = [...through, file, option, waiting, ...rest];
    const child = new Deno.Command(first, { args, clearEnv: true, stdin: "piped", stdout: "piped" }).spawn();
    const output = child.output();
    await new Blob([line]).stream().pipeTo(child.stdin);
    return new TextDecoder().decode((await output).stdout);
  };
  assertEquals(await say(script, []), "begun\n");
  const lost = script.replace(OWNED, ""); // Its parent was the service as it began to wait.
  assertEquals(await say(lost, ["/bin/sh", "-c", '"$@"; :', "sh"]), "");
});

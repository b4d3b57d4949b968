import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { lineOf } from "../../../../src/runtimes/docker/program/launcher_command.ts";
import { until } from "../../../support/until.ts";
import { launch, type LauncherProcess, type LauncherRequest, SECRET } from "./launcher_process.ts";

/** Shells that images have as `sh`: Debian's, and that of others. */
const SHELLS = ["dash", "bash"];

/** STATUS and SIGNALLED of the last ending that was told, which stands on both streams. */
function endingOf({ told }: LauncherProcess): string | undefined {
  const ending = told.stderr.findLast((line) => !line.startsWith("disk "));
  assertEquals(told.stdout.at(-1), ending);
  return ending?.split(" ").slice(1, 3).join(" ");
}

/** Runs a command line to its end, with nothing on stdin. */
async function runToEnd(request: LauncherRequest, shell?: string): Promise<LauncherProcess> {
  await using launcher = await launch(request, shell);
  await launcher.closeStdin();
  await launcher.over;
  return launcher;
}

function isReady({ told }: LauncherProcess): boolean {
  return told.stderr.some((line) => line.startsWith("ready"));
}

Deno.test("launch.sh reports its process, the program's begin, and its end on both streams", async () => {
  for (const shell of SHELLS) {
    const { told, printed, pid } = await runToEnd({ run: ["sh", "-c", "echo out; echo err >&2"] }, shell);
    assertEquals(printed, { stdout: "out\n", stderr: "err\n" });
    const [launched, ready, ended = "", disk = "", ...more] = told.stderr;
    assertEquals([launched, more, told.stdout], [`launched ${pid}`, [], [ended]]);
    assertMatch(ready ?? "", /^ready (\d+|-)$/);
    assertMatch(ended, /^ended 0 0 0 0 (\d+|-) (\d+|-) \d+$/);
    assertMatch(disk, /^disk [01] \d+ \d+$/);
  }
});

Deno.test("launch.sh reports every exit code, also those that shells use for signals", async () => {
  for (const shell of SHELLS) {
    for (const code of [0, 1, 2, 7, 126, 127, 128, 129, 134, 137, 139, 143, 254, 255]) {
      await using launcher = await launch({ run: ["sh", "-c", `exit ${code}`] }, shell);
      await launcher.closeStdin();
      await launcher.over;
      assertEquals([endingOf(launcher), await launcher.exitCode()], [`${code} 0`, code], shell);
    }
  }
});

Deno.test("launch.sh reports the signal that ended a program", async () => {
  const signals = {
    HUP: 1,
    INT: 2,
    QUIT: 3,
    ABRT: 6,
    KILL: 9,
    USR1: 10,
    SEGV: 11,
    PIPE: 13,
    ALRM: 14,
    TERM: 15,
    XFSZ: 25,
    SYS: 31,
  };
  for (const shell of SHELLS) {
    for (const [signal, number] of Object.entries(signals)) {
      const launcher = await runToEnd({ run: ["sh", "-c", `kill -s ${signal} $$; sleep 60`] }, shell);
      assertEquals(endingOf(launcher), `${128 + number} 1`, `${signal}, ${shell}`);
      assertEquals(launcher.printed, { stdout: "", stderr: "" }); // The shell's own word for it is nobody's.
    }
  }
});

Deno.test("launch.sh reports a missing program, or one that may not be run, as a shell does", async () => {
  const missing = await runToEnd({ run: ["/proc/nonexistent"] });
  assertEquals(endingOf(missing), "127 0");
  assert(missing.printed.stderr.includes("/proc/nonexistent"));
  assertEquals(endingOf(await runToEnd({ run: ["/"] })), "126 0");
});

Deno.test("launch.sh gives a program its arguments as they are", async () => {
  const args = [
    "",
    " ",
    "two words",
    "new\nline",
    "'",
    '"',
    "\\",
    "\\n",
    "$HOME",
    "`id`",
    "*",
    "-n",
    "--",
    "é日",
    "%s",
    ";exit 9",
  ];
  for (const shell of SHELLS) {
    const run = ["sh", "-c", `printf '%s\\0' "$@"`, "name", ...args];
    assertEquals((await runToEnd({ run }, shell)).printed.stdout.split("\0").slice(0, -1), args);
    const compile = ["sh", "-c", `printf '%s\\0' "$@"; exit 1`, "name", ...args];
    const compiled = await runToEnd({ compile, run: ["true", "never"] }, shell);
    assertEquals(compiled.printed.stdout.split("\0").slice(0, -1), args);
  }
});

Deno.test("launch.sh leaves everything on stdin behind its own lines to the program", async () => {
  for (const shell of SHELLS) {
    await using launcher = await launch({ run: ["cat"] }, shell);
    await launcher.until(isReady);
    await launcher.write("first\n");
    await launcher.until(({ printed }) => printed.stdout === "first\n");
    await launcher.write("\0 no newline at the end");
    await launcher.closeStdin();
    await launcher.over;
    assertEquals(launcher.printed.stdout, "first\n\0 no newline at the end");
    assertEquals(endingOf(launcher), "0 0");
  }
  await using ahead = await launch({ run: ["cat"] });
  await ahead.write("written\nbefore it began\n");
  await ahead.closeStdin();
  await ahead.over;
  assertEquals(ahead.printed.stdout, "written\nbefore it began\n");
});

Deno.test("launch.sh runs a program in the given directory, and none where it cannot", async () => {
  assertEquals((await runToEnd({ run: ["pwd"], directory: "/usr" })).printed.stdout, "/usr\n");
  await using lost = await launch({ run: ["echo", "never"], directory: "/proc/nonexistent" });
  await lost.over;
  assertEquals([await lost.exitCode() !== 0, lost.told, lost.printed.stdout], [
    true,
    { stdout: [], stderr: [`launched ${lost.pid}`] },
    "",
  ]);
  assert(lost.printed.stderr.includes("/proc/nonexistent"));
});

Deno.test("launch.sh shows its secret to no program: not in the variables, nor in a command line", async () => {
  const look = "env; cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/self/cmdline";
  const seen = (await runToEnd({ run: ["sh", "-c", look] })).printed.stdout;
  assert(seen.includes("PATH=") && seen.includes("launch") && !seen.includes(SECRET), seen);
});

Deno.test("launch.sh survives signals to its group, and still reports the end", async () => {
  const child = `trap 'echo child; exit' TERM; echo waiting; while :; do sleep 0.01; done`;
  const program = `trap 'wait; echo parent; exit 3' TERM; sh -c "$1" & while :; do sleep 0.01; done`;
  for (const shell of SHELLS) {
    await using launcher = await launch({ run: ["sh", "-c", program, "program", child] }, shell);
    await launcher.until(({ printed }) => printed.stdout.includes("waiting"));
    launcher.signal("SIGTERM");
    await launcher.over;
    assertEquals(launcher.printed.stdout, "waiting\nchild\nparent\n");
    assertEquals([endingOf(launcher), await launcher.exitCode()], ["3 0", 3]);
  }
});

Deno.test("launch.sh reports a program that SIGTERM ended as signalled", async () => {
  await using launcher = await launch({ run: ["sh", "-c", "echo on; exec sleep 60"] });
  await launcher.until(({ printed }) => printed.stdout === "on\n");
  launcher.signal("SIGTERM");
  await launcher.over;
  assertEquals(endingOf(launcher), "143 1");
});

Deno.test("launch.sh goes on while the program does, however often it is signalled", async () => {
  const program = `trap 'echo user' USR1; trap 'echo end; exit 4' TERM; echo on; while :; do sleep 0.01; done`;
  await using launcher = await launch({ run: ["sh", "-c", program] });
  await launcher.until(({ printed }) => printed.stdout === "on\n");
  for (const count of [1, 2, 3]) {
    launcher.signal("SIGUSR1");
    await launcher.until(({ printed }) => printed.stdout.split("user").length > count);
  }
  launcher.signal("SIGTERM");
  await launcher.over;
  assertEquals(launcher.printed.stdout, "on\nuser\nuser\nuser\nend\n");
  assertEquals(endingOf(launcher), "4 0");
});

Deno.test("launch.sh waits for the program, not for its orphan processes", async () => {
  await using launcher = await launch({ run: ["sh", "-c", "sleep 60 & echo done"] });
  await launcher.until(({ told }) => told.stdout.length === 1 && told.stderr.length >= 3);
  assertEquals([launcher.printed.stdout, endingOf(launcher)], ["done\n", "0 0"]);
});

Deno.test("launch.sh reports the end of a program that has closed its streams", async () => {
  const launcher = await runToEnd({ run: ["sh", "-c", "exec <&- >&- 2>&-; exit 6"] });
  assertEquals(endingOf(launcher), "6 0");
});

Deno.test("launch.sh compiles with an empty stdin, and begins the program at the service's word", async () => {
  const compile = ["sh", "-c", `cat; echo "compiling $1"; echo careful >&2`, "compiler", "main.go"];
  for (const shell of SHELLS) {
    await using launcher = await launch({ compile, run: ["sh", "-c", `echo running; cat`] }, shell);
    await launcher.until(({ told }) => told.stdout.length === 1 && told.stderr.length === 2);
    assertEquals(launcher.printed, { stdout: "compiling main.go\n", stderr: "careful\n" });
    const [compiled = ""] = launcher.told.stdout;
    assertMatch(compiled, /^compiled 0 0 0 0 [01] \d+ \d+ (?:\d+|-)$/);
    assertEquals(launcher.told.stderr, [`launched ${launcher.pid}`, compiled]);
    await launcher.write("go\nfor the program\n");
    await launcher.closeStdin();
    await launcher.over;
    assertEquals(launcher.printed.stdout, "compiling main.go\nrunning\nfor the program\n");
    assertEquals(endingOf(launcher), "0 0");
  }
});

Deno.test("launch.sh ends with a compiler that fails, and never begins the program", async () => {
  const table: [string, string][] = [
    ["echo oh >&2; exit 2", "compiled 2 0"],
    ["exit 137", "compiled 137 0"],
    ["kill -s KILL $$", "compiled 137 1"],
  ];
  for (const shell of SHELLS) {
    for (const [script, ending] of table) {
      await using launcher = await launch({ compile: ["sh", "-c", script], run: ["echo", "never"] }, shell);
      await launcher.write("go\n");
      await launcher.over;
      assertEquals(launcher.told.stdout.map((line) => line.split(" ").slice(0, 3).join(" ")), [ending]);
      assertEquals(launcher.told.stderr, [`launched ${launcher.pid}`, ...launcher.told.stdout]);
      assertEquals([launcher.printed.stdout, await launcher.exitCode()], ["", 1]);
    }
  }
});

Deno.test("launch.sh gives each program a directory for its compiler's output, as long as it runs", async () => {
  await using launcher = await launch({ compile: ["sh", "-c", `: >"$1/made"`, "compiler", "{output}"], run: ["cat"] });
  await launcher.write("go\n");
  await launcher.until(isReady);
  assertEquals((await Deno.stat(`${launcher.output}/made`)).isFile, true);
  await launcher.closeStdin();
  await launcher.over;
  assertEquals(endingOf(launcher), "0 0");
  await assertRejects(() => Deno.stat(launcher.output), Deno.errors.NotFound);
});

Deno.test("launch.sh survives a signal that ends the compiler", async () => {
  const compile = ["sh", "-c", "echo compiling; exec sleep 60"];
  await using launcher = await launch({ compile, run: ["echo", "never"] });
  await launcher.until(({ printed }) => printed.stdout === "compiling\n");
  launcher.signal("SIGTERM");
  await launcher.over;
  assertEquals(launcher.told.stdout.map((line) => line.split(" ").slice(0, 3).join(" ")), ["compiled 143 1"]);
  assertEquals(launcher.printed.stdout, "compiling\n");
});

Deno.test("launch.sh keeps its secret where a container has a variable of that name", async () => {
  for (const shell of SHELLS) {
    const seen = await runToEnd({ run: ["env"], variables: { secret: "a", nonce: "b" } }, shell);
    assertEquals([endingOf(seen), seen.printed.stdout.includes(SECRET)], ["0 0", false]);
  }
});

Deno.test("a warm launch.sh reads its words from a line, whatever characters they have", async () => {
  const args = [
    "",
    " two  words ",
    "new\n\nline",
    "'\"'",
    "\\n$HOME`id`*",
    "-n",
    ";exit 9",
    "ā\u0081\u0088é日😀",
    "\x01\x7f\t",
  ];
  for (const shell of SHELLS) {
    await using launcher = await launch(
      { run: ["sh", "-c", `printf '%s\\0' "$@"; cat`, "name", ...args], waits: true },
      shell,
    );
    await launcher.until(({ told }) => told.stderr.length === 1);
    assertEquals(launcher.told.stderr, [`launched ${launcher.pid}`]);
    await launcher.write(`${lineOf(launcher.words)}its own stdin`);
    await launcher.closeStdin();
    await launcher.over;
    assertEquals([...args, "its own stdin"], launcher.printed.stdout.split("\0"), shell);
    assertEquals(endingOf(launcher), "0 0");
  }
});

Deno.test("a warm launch.sh ends with its stdin", async () => {
  for (const shell of SHELLS) {
    await using launcher = await launch({ run: ["echo", "never"], waits: true }, shell);
    await launcher.closeStdin();
    await launcher.over;
    assertEquals([launcher.printed, await launcher.exitCode()], [{ stdout: "", stderr: "" }, 1]);
  }
});

Deno.test("launch.sh gives a warm interpreter its message from stdin, and leaves it the rest", async () => {
  const directory = await Deno.makeTempDir();
  const hook = {
    path: `${directory}/hook/waits`,
    text: '# told\nsize=$(cat <&5)\nexec 5<&-\n[ -n "${size# }" ] || exit 9\n',
  };
  const main = `. "$0"; head -c $size; echo " $PWD"; cat; ls -l /proc/self/fd | grep -c 'pipe:.*[45]$'; exit 3`;
  for (const shell of SHELLS) {
    await using launcher = await launch({ run: ["sh", "-c", main, hook.path], hook }, shell);
    await launcher.until(({ told }) => told.stderr.length === 1);
    assertEquals(launcher.told.stderr, [`launched ${launcher.pid}`]);
    await launcher.write("0 5\ntold\nand its own stdin\n");
    await launcher.closeStdin();
    await launcher.over;
    assertEquals([launcher.told.stderr.length, isReady(launcher)], [4, true]);
    assertEquals(launcher.printed.stdout, `told\n /\nand its own stdin\n0\n`);
    assertEquals([endingOf(launcher), await launcher.exitCode()], ["3 0", 3]);
    await Deno.remove(`${directory}/hook`, { recursive: true });
  }
  await using idle = await launch({ run: ["sh", "-c", main, hook.path], hook });
  await idle.until(({ told }) => told.stderr.length === 1);
  await idle.closeStdin();
  await idle.over;
  assertEquals([idle.printed.stdout, isReady(idle)], ["", false]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("launch.sh begins no program in a warm interpreter that was lost", async () => {
  const directory = await Deno.makeTempDir();
  for (const shell of SHELLS) {
    const hook = { path: `${directory}/${shell}/waits`, text: "" };
    const pidFile = `${directory}/${shell}.pid`;
    await using launcher = await launch({ run: ["sh", "-c", `echo $$ >${pidFile}; kill -s KILL $$`], hook }, shell);
    await until(async () => {
      const pid = (await Deno.readTextFile(pidFile).catch(() => "")).trim();
      const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "State: Z"); // It may be gone.
      return pid !== "" && /^State:\s+Z/m.test(status);
    }, "the interpreter is lost");
    await launcher.write("0 5\ntold\n");
    await launcher.closeStdin();
    await launcher.over;
    assertEquals([isReady(launcher), launcher.printed], [false, { stdout: "", stderr: "" }]);
  }
  await Deno.remove(directory, { recursive: true });
});

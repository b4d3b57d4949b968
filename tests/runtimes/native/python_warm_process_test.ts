import { assertEquals, assertMatch } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create } from "../../../src/runtimes/native/mod.ts";
import type { LoadedRuntime } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { EAGER_POOL } from "../../support/eager_pool.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

// A warm Python is a Python as any other: what made it wait is not seen, and nothing of the workspace runs before its program.

const host = await openRuntimeHost({ pool: EAGER_POOL });
const runtime = create(host);
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
if (isPresent("native/python", await testedAvailability(runtime, "python"))) testPython(runtime);

interface RunOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly left?: string;
  readonly stdin?: string;
}

type Ran = ProgramResult & { readonly left?: string };

function testPython(runtime: LoadedRuntime): void {
  /** Runs a program in a process that waited before any of the files was there; reads a file that it left. */
  async function run(
    code: string | Uint8Array<ArrayBuffer>,
    { files = {}, left, stdin = "" }: RunOptions = {},
  ): Promise<Ran> {
    const config = configureEnvironment("python", { singleUse: true, runsMainFile: true });
    await using environment = await runtime.createEnvironment(config);
    for (const [path, text] of Object.entries({ ...files, "main.py": code })) {
      await environment.files.write(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    }
    const options = { limits: DEFAULT_LIMITS, stdin };
    const result = await runProgram(environment, { kind: "file", path: "main.py", args: [] }, options);
    assertEquals(environment.warm, true);
    if (left === undefined) return result;
    return { ...result, left: await new Response(await environment.files.read(left)).text() };
  }

  Deno.test("python_waiter.py leaves nothing of itself in the program", async () => {
    const { stderr, stdout } = await run(
      [
        "import os, sys",
        "print(__name__, __file__, sys.argv, sys.path[0], vars().get('wait'), __spec__)",
        "print('sitecustomize' in sys.modules, 'CODEBEAKER_WAITS' in os.environ, sys.stdin.read())",
        "print(sorted(os.listdir('/proc/self/fd')))",
        "raise ValueError('é')",
      ].join("\n"),
      { stdin: "a\nb" },
    );
    assertEquals(
      stdout,
      "__main__ /workspace/main.py ['/workspace/main.py'] /workspace None None\nFalse False a\nb\n['0', '1', '2', '3']\n",
    );
    assertEquals(
      stderr,
      "Traceback (most recent call last):\n" +
        `  File "/workspace/main.py", line 5, in <module>\n    raise ValueError('é')\nValueError: é\n`,
    );
  });

  Deno.test("python_waiter.py forgets what it imported where the workspace has a module of such a name", async () => {
    const own = await run("import json\nprint(json.own)", { files: { "json/__init__.py": "own = 42" } });
    assertEquals([own.stdout, own.stderr], ["42\n", ""]);
    const within = await run("import string", { files: { "re.py": "print('the own re')\nraise SystemExit(3)" } });
    assertEquals([within.stdout, within.exitCode], ["the own re\n", 3]);
  });

  Deno.test("python_waiter.py runs nothing of the workspace before the program", async () => {
    const planted = "print('planted', flush=True)";
    const places = ["sitecustomize.py", "usercustomize.py", "encodings.py", "site.py", "atexit.py", "gc.py"];
    const userSite = ".local/lib/python3.13/site-packages";
    const files = {
      ...Object.fromEntries(places.map((path) => [path, planted])),
      "planted.pth": `import sys; ${planted}`,
      [`${userSite}/planted.pth`]: `import sys; ${planted}`,
      [`${userSite}/usercustomize.py`]: planted,
    };
    const { stderr, stdout } = await run("print('program')", { files });
    assertEquals([stdout, stderr], ["program\n", ""]);
  });

  Deno.test("python_waiter.py lets a child that is Python run at once", async () => {
    const child = "[sys.executable, '-c', 'print(input())']";
    const { stderr, stdout } = await run(
      `import subprocess, sys\nsubprocess.run(${child}, input=b'from the parent', check=True)`,
    );
    assertEquals([stdout, stderr], ["from the parent\n", ""]);
  });

  Deno.test("python_waiter.py reports an exit by itself on the program's own stderr alone", async () => {
    assertEquals((await run("raise SystemExit(137)")).outcome, { kind: "exited", exitCode: 137 });
    const elsewhere = await run("import os, sys\nos.dup2(os.open('log', os.O_CREAT | os.O_WRONLY), 2)\nsys.exit(3)", {
      left: "log",
    });
    assertEquals([elsewhere.exitCode, elsewhere.stderr, elsewhere.left], [3, "", ""]);
    const closed = await run("import os, sys\nos.close(2)\nsys.exit(3)");
    assertEquals(closed.exitCode, 3);
    const forked = await run(
      "import os, signal, sys\nif os.fork() == 0: sys.exit(0)\nos.wait()\nos.kill(os.getpid(), signal.SIGTERM)",
    );
    assertEquals([forked.outcome, forked.stderr], [{ kind: "signaled", signal: "SIGTERM" }, ""]);
  });

  Deno.test("python_waiter.py can be falsified by its program only for that program", async () => {
    const ended = await run("import os\nfor out in 1, 2: os.write(out, b'\\0\\x07\\x040\\0')\nraise SystemExit(3)");
    assertEquals(ended.outcome, { kind: "exited", exitCode: 0 });
    assertEquals((await run("import os\nos.write(2, b'\\0\\x07\\0'), os.write(0, b'x')")).exitCode, 1);
  });

  Deno.test("native runs Python that is written in another encoding, and says where one is broken", async () => {
    const latin1 = Uint8Array.from(`# coding: latin-1\nprint("é")`, (character) => character.charCodeAt(0));
    assertEquals((await run(latin1)).stdout, "é\n");
    const broken = await run(latin1.subarray("# coding: latin-1\n".length));
    assertEquals(broken.exitCode, 1);
    assertMatch(broken.stderr, /SyntaxError/);
  });

  Deno.test("native leaves the interpreter's path in what a program prints on stderr", async () => {
    const { stderr, stdout } = await run(
      "import os, sys\nfor out in sys.stdout, sys.stderr: print(os.path.realpath(sys.executable), file=out)",
    );
    assertMatch(stdout, /^\/usr\/bin\/python3/);
    assertEquals(stderr, stdout);
  });

  Deno.test("native tells Python's own MemoryError as the limit", async () => {
    assertEquals((await run("bytearray(1 << 40)")).outcome.kind, "memory_limit");
  });
}

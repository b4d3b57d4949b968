import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { LANGUAGES } from "../../../src/runtimes/wasm/languages/mod.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { findParts, partsPath, sealParts } from "../../../src/runtimes/wasm/parts.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime, openRuntimeHost } from "../../support/runtime_host.ts";
import { type LanguageProgram, runInLanguage } from "./run_in_language.ts";

// What is Python's own of the runtime; the suite has what every runtime promises.

const { host, runtime } = await openRuntime(create);
const ignore = !isPresent("wasm/python", await testedAvailability(runtime, "python"));

/** Runs a program, with further files beside it. */
const run = (
  code: string,
  files: Readonly<Record<string, string>> = {},
  options: Pick<LanguageProgram, "env" | "path"> = {},
) => runInLanguage(runtime, { language: "python", code, files, ...options });

/** The beginning and the end of a program around the last lines of a task. */
const IN_TASK =
  "import asyncio, atexit, sys\natexit.register(print, 'at exit')\nasync def worker():\n    await asyncio.sleep(0)\n";
const AWAIT_TASK = "async def main():\n    task = asyncio.create_task(worker())\n" +
  "    try: await asyncio.sleep(9)\n    finally: print('cancelled')\n" +
  "try: asyncio.run(main())\nfinally: print('waited')\n";

/** Programs by what they show, with what they print, the end of what they print on stderr, and their exit code. */
const ENDINGS: Readonly<Record<string, readonly [code: string, stdout: string, stderr: string, exitCode: number]>> = {
  "an exit code is taken modulo 256": ["raise SystemExit(300)", "", "", 44],
  "an exit with words prints them": ['raise SystemExit("words")', "", "words\n", 1],
  "os._exit() ends at once": ['import atexit, os\natexit.register(print, "no")\nos._exit(3)', "", "", 3],
  "an interrupt of its own ends with 130": [
    "raise KeyboardInterrupt",
    "",
    "    raise KeyboardInterrupt\nKeyboardInterrupt\n",
    130,
  ],
  "atexit and objects see the end": [
    'import atexit\natexit.register(print, "at exit")\nclass A:\n  def __del__(self): print("gone")\na = A()',
    "at exit\ngone\n",
    "",
    0,
  ],
  "a signal to itself ends it as a shell says": ["import os\nos.kill(os.getpid(), 15)\nprint(1)", "", "", 143],
  "a full stack of C is a trap": [
    'import json\njson.loads("[" * 100000)',
    "",
    "RangeError: Maximum call stack size exceeded\n",
    134,
  ],
  "an excepthook is called": [
    "import sys\nsys.excepthook = lambda kind, error, frames: print(kind.__name__)\n1 / 0",
    "ZeroDivisionError\n",
    "",
    1,
  ],
  "the time of a log record counts from the program's start": [
    "import logging, os\nrecord = logging.makeLogRecord({})\n" +
    "print(record.created - record.relativeCreated / 1000 > os.stat('main.py').st_mtime - 1)",
    "True\n",
    "",
    0,
  ],
  "an exit in a task is raised where the program waits": [
    IN_TASK + "    sys.exit('bad config')\n" + AWAIT_TASK,
    "cancelled\nwaited\nat exit\n",
    "bad config\n",
    1,
  ],
  "an exit in a task that another awaits ends with its code": [
    "import asyncio, sys\nasync def worker(): sys.exit(3)\n" +
    "async def main(): await asyncio.gather(worker(), asyncio.sleep(9))\nasyncio.run(main())",
    "",
    "",
    3,
  ],
  "a program catches the exit of its main task": [
    "import asyncio, sys\nasync def main(): sys.exit(7)\n" +
    "try: asyncio.run(main())\nexcept SystemExit as error: print(error.code)",
    "7\n",
    "",
    0,
  ],
  "an interrupt of its own in a task ends with 130": [
    IN_TASK + "    raise KeyboardInterrupt\n" + AWAIT_TASK,
    "cancelled\nwaited\nat exit\n",
    "    raise KeyboardInterrupt\nKeyboardInterrupt\n",
    130,
  ],
  "an exit by a timer ends with its code": [
    "import asyncio\nasync def main():\n  asyncio.get_running_loop().call_later(0.01, exit, 6)\n" +
    "  await asyncio.sleep(9)\nasyncio.run(main())",
    "",
    "",
    6,
  ],
  "os._exit() in a task ends at once": [
    IN_TASK + "    import os; os._exit(3)\n" + AWAIT_TASK,
    "",
    "",
    3,
  ],
  "what a task returns is what it returned": [
    "import asyncio\nasync def main(): return 5.0, 2**70\nprint(asyncio.run(main()))\n" +
    "async def one(): return 5.0\nprint(asyncio.run(one()))",
    "(5.0, 1180591620717411303424)\n5.0\n",
    "",
    0,
  ],
  "time.sleep takes no negative numbers and no texts, and has no frames": [
    "import time, traceback\nfor length in -1, 'x':\n  try: time.sleep(length)\n" +
    "  except (TypeError, ValueError) as error: print(error)\ntime.sleep(-0.5)",
    "sleep length must be non-negative\n'str' object cannot be interpreted as an integer\n",
    "time.sleep(-0.5)\n    ~~~~~~~~~~^^^^^^\nValueError: sleep length must be non-negative\n",
    1,
  ],
  "text that is no UTF-8 fails": ['print("\\ud800")', "", "surrogates not allowed\n", 1],
};

for (const [title, [code, stdout, stderr, exitCode]] of Object.entries(ENDINGS)) {
  Deno.test({
    name: `[wasm] python: ${title}`,
    ignore,
    async fn() {
      const { ended } = await run(code);
      assertEquals([ended[0], ended[2]], [stdout, exitCode], ended[1]);
      if (stderr === "") assertEquals(ended[1], "");
      else assert(ended[1].endsWith(stderr), ended[1]);
    },
  });
}

Deno.test({
  name: "[wasm] python: a traceback has the program's frames and those of modules, with their text, and no others",
  ignore,
  async fn() {
    const { stderr } = await run(
      "import asyncio, helper\nasync def main():\n    helper.fail()\nasyncio.run(main())\n",
      {
        "helper.py":
          "import json\ndef fail():\n    try: json.loads('')\n    except ValueError as error: raise KeyError(1) from error\n",
      },
    );
    assertStringIncludes(
      stderr,
      '  File "/workspace/main.py", line 3, in main\n    helper.fail()\n    ~~~~~~~~~~~^^\n',
    );
    assertStringIncludes(stderr, '  File "/workspace/helper.py", line 3, in fail\n');
    assertMatch(stderr, /File "\/lib\/python314\.zip\/json\/decoder\.py", line \d+, in decode\n {4}obj, end/);
    assertEquals(stderr.includes("<exec>") || stderr.includes("file:"), false, stderr);
    const unfinished = await run("x = (");
    assertStringIncludes(
      unfinished.stderr,
      `  File "/workspace/main.py", line 1\n    x = (\n        ^\nSyntaxError: '('`,
    );
    assertEquals(unfinished.stderr.includes("Traceback"), false, unfinished.stderr);
  },
});

Deno.test({
  name: "[wasm] python: no two programs draw the same random numbers, whose interpreters begin with the same memory",
  ignore,
  async fn() {
    const code = "import random, secrets, tempfile, uuid\n" +
      "print(random.random(), secrets.token_hex(), uuid.uuid4(), tempfile.mktemp(), sep='\\n')";
    const [first, second] = [(await run(code)).stdout.split("\n"), (await run(code)).stdout.split("\n")];
    assertEquals(first.length, 5);
    assertEquals(first.filter((line) => line !== "" && second.includes(line)), []);
  },
});

Deno.test({
  name: "[wasm] python: a program finds nothing of what its interpreter has run before",
  ignore,
  async fn() {
    const code =
      "import linecache, os, sys\nprint(*sorted(os.listdir('/')), *os.listdir('/tmp'))\nprint(*sorted(os.environ))\n" +
      "print(os.getcwd(), *sys.argv, *sys.path)\nprint(sorted({'__main__', 'json'} - sys.modules.keys()))\n" +
      "print(sys.modules['__main__'].__file__, sys.exception(), '_codebeaker' in sys.modules, linecache.cache)";
    const { ended } = await run(code);
    const library = "/lib/python314.zip /lib/python3.14/lib-dynload /lib/python3.14/site-packages";
    assertEquals(ended, [
      "dev home lib proc tmp workspace\nHOME LANG PWD TMPDIR\n" +
      `/workspace /workspace/main.py /workspace ${library}\n[]\n/workspace/main.py None False {}\n`,
      "",
      0,
    ]);
  },
});

Deno.test({
  name: "[wasm] python: modules beside the program come before those that its interpreter has imported",
  ignore,
  async fn() {
    const files = { "sub/json.py": "own = 'own'", "sub/other.py": "import json\nprint(json.own, __name__)" };
    const { ended } = await run("import sys, other\nprint(sys.argv, sys.path[0], __file__)", files, {
      path: "sub/main.py",
    });
    assertEquals(ended, [
      "own other\n['/workspace/sub/main.py'] /workspace/sub /workspace/sub/main.py\n",
      "",
      0,
    ]);
  },
});

Deno.test({
  name: "[wasm] python: modules of PYTHONPATH come before those that its interpreter has imported",
  ignore,
  async fn() {
    const files = { "given/json.py": "own = 'own'" };
    const { ended } = await run("import json, sys\nprint(json.own, sys.path[1:3])", files, {
      env: { PYTHONPATH: "given:/workspace/none" },
    });
    assertEquals(ended, ["own ['/workspace/given', '/workspace/none']\n", "", 0]);
  },
});

Deno.test({
  name: "[wasm] python: files and directories that are no modules replace none of the interpreter's",
  ignore,
  async fn() {
    const files = { "asyncio.txt": "", "json.data.py": "", "re/data.txt": "" };
    const { ended } = await run(
      "import asyncio, json, re\nasync def main(): return json.dumps(re.sub('a', 'b', 'a'))\nprint(asyncio.run(main()))",
      files,
    );
    assertEquals(ended, ['"b"\n', "", 0]);
  },
});

Deno.test({
  name: "[wasm] python: files are read, changed and moved as elsewhere, and errors have their classes",
  ignore,
  async fn() {
    const { ended } = await run(FILES);
    assertEquals(ended, ["done\n", "", 0]);
  },
});

const FILES = `import mmap, os, shutil, tempfile
def fails(kind, act):
    try: act()
    except OSError as error: assert type(error) is kind, repr(error)
    else: raise AssertionError(kind)
open("a", "w").write("one")
open("b", "w").write("two")
os.rename("a", "b")
assert open("b").read() == "one" and sorted(os.listdir()) == ["b", "main.py"]
os.unlink("b")
open("b", "x").write("new")
fails(FileExistsError, lambda: open("b", "x"))
with open("b", "r+") as file:
    file.seek(1)
    file.write("ZZZ")
    file.truncate(3)
with open("b", "a") as file: file.write("+")
assert open("b").read() == "nZZ+"
with open("b", "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
    memory[0:1] = b"Q"
    memory.flush()
assert open("b").read() == "QZZ+"
os.utime("b", (1, 2))
os.chmod("b", 0o600)
assert (os.stat("b").st_mtime, os.stat("b").st_mode & 0o777) == (2, 0o600)
os.makedirs("d/e")
open("d/e/f", "w").write("deep")
os.rename("d", "g")
assert [(path, names) for path, _, names in os.walk("g")] == [("g", []), ("g/e", ["f"])]
assert [(entry.name, entry.is_dir()) for entry in os.scandir("g")] == [("e", True)]
fails(FileNotFoundError, lambda: open("nothing"))
fails(NotADirectoryError, lambda: open("b/c"))
fails(IsADirectoryError, lambda: open("g"))
fails(OSError, lambda: os.rmdir("g"))
shutil.rmtree("g")
with tempfile.TemporaryDirectory() as directory:
    open(f"{directory}/q", "w").write("q")
    assert os.listdir(directory) == ["q"] and directory.startswith("/tmp/")
fails(PermissionError, lambda: os.symlink("b", "link"))
fails(PermissionError, lambda: open("/home/file", "w"))
fails(PermissionError, lambda: os.mkdir("/etc"))
fails(PermissionError, lambda: open("/lib/python314.zip", "r+b"))
fails(FileNotFoundError, lambda: open("/etc/passwd"))
print("done")
`;

Deno.test({
  name: "[wasm] python: what stands behind the interpreter may do no more than the program",
  ignore,
  async fn() {
    const { stdout } = await run(BEHIND);
    const answers = stdout.trimEnd().split("\n");
    assertEquals(answers.filter((line) => !line.endsWith(" NotCapable")), []);
    assertEquals(answers.length, 9);
  },
});

/** Calls functions of the process around the interpreter. */
const BEHIND = `import pyodide_js
host = pyodide_js.constructor.constructor("return Deno")()
none = pyodide_js.constructor.constructor("return {}")()
for name, act in {
    "read": lambda: host.readTextFileSync("/etc/hostname"),
    "list": lambda: [entry.name for entry in host.readDirSync("/")],
    "own": lambda: host.readTextFileSync("/proc/self/environ"),
    "write": lambda: host.writeTextFileSync("/codebeaker/modules/x", "x"),
    "link": lambda: host.symlinkSync("/etc", "/workspace/etc"),
    "run": lambda: host.Command.new("/bin/true").outputSync(),
    "load": lambda: host.dlopen("/lib/x86_64-linux-gnu/libc.so.6", none),
    "listen": lambda: host.listen(pyodide_js.constructor.constructor("return {port: 0}")()),
    "kill": lambda: host.kill(1),
}.items():
    try: print(name, act())
    except BaseException as error: print(name, str(error).split(":")[0])
`;

Deno.test({
  name: "[wasm] python: a connection is denied and reported with its port",
  ignore,
  async fn() {
    const { denials } = await run(
      'import socket\ntry: socket.create_connection(("example.com", 80))\nexcept OSError: pass',
    );
    const found = denials?.map(({ kind, target }) => [kind, target]);
    assertEquals(found, [["net", "example.com:80"]]);
  },
});

Deno.test({
  name: "[wasm] python: an interpreter that does not start is reported in words alone",
  ignore,
  async fn() {
    const [[name, row] = []] = Object.entries(LANGUAGES);
    assert(name !== undefined && row !== undefined);
    const home = await Deno.makeTempDir();
    await using _home = { [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
    const parts = partsPath(home, { name, row });
    await Deno.mkdir(parts, { recursive: true });
    for (const part of row.parts) await Deno.copyFile(join(findParts({ name, row }, host), part), join(parts, part));
    await Deno.truncate(join(parts, "snapshot.bin"), 100_000);
    await sealParts(parts);
    await using other = await openRuntimeHost(); // Parts that were staged for this one's programs would be taken.
    await using damaged = create({ ...other, home });
    const refused = await assertRejects(async () => {
      await using environment = await damaged.createEnvironment(configureEnvironment("python"));
      await environment.files.write("main.py", new Uint8Array());
      await runProgram(environment, { kind: "file", path: "main.py", args: [] }, { limits: DEFAULT_LIMITS });
    }, CodeBeakerError);
    assertEquals(refused.code, "runtime_unavailable");
    assertMatch(refused.message, /The parts are cut off/);
    // deno-lint-ignore no-control-regex
    assertEquals(refused.message.match(/[\x00-\x09\x0b-\x1f]/), null, JSON.stringify(refused.message));
  },
});

Deno.test({
  name: "[wasm] python: programs are known to lack threads, sockets, others and what is not in its library",
  ignore,
  fn() {
    const surface = runtime.surface?.("python");
    const has = (name: string) => surface?.has({ kind: "module", name, file: "main.py", line: 1, certain: true });
    assertEquals(["json", "sqlite3", "asyncio", "urllib"].map(has), [true, true, true, true]);
    assertEquals(["threading", "subprocess", "socket", "multiprocessing", "numpy"].map(has), Array(5).fill(false));
  },
});

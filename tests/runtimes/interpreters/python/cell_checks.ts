import { assertEquals, assertMatch } from "@std/assert";
import { Context } from "../../../../src/contexts/context.ts";
import type { OutputChunk } from "../../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { ProgramHandle } from "../../../../src/runtimes/port.ts";
import { TextLineStream } from "../../../support/text_lines.ts";
import { DISPLAY_CHECKS, FAKE_MATPLOTLIB, FIGURE_CHECKS } from "./display_checks.ts";

/** Never ends, and checks for signals at intervals. */
export const ENDLESS_MATCH = "import re\nre.match(r'(a+)+$', 'a' * 50 + 'b')";

/** The deadline of cells that never end: long enough for them to get there, and no longer. */
export const SOON_MS = 700;

const INFO = { id: "ctx_1", language: "python", createdAt: "2026-01-01T00:00:00.000Z" };

/** Evaluates a cell. */
export type RunCell = (code: string, timeoutMs?: number) => ReturnType<Context["run"]>;

/** What interrupts the cells of an interpreter. */
export interface CellHost {
  readonly title: string;
  /** Runs a test with an interpreter that finds these files. */
  withHandle(
    test: (handle: ProgramHandle) => Promise<void>,
    files?: Readonly<Record<string, string>>,
  ): Promise<void>;
}

/** Runs a test with a context. */
export function withContext(
  host: CellHost,
  test: (run: RunCell, context: Context) => Promise<void>,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  return host.withHandle(async (handle) => {
    const context = new Context(INFO, handle);
    await context.run({ code: "" }, { limits: DEFAULT_LIMITS });
    const { timeoutMs: byDefault } = DEFAULT_LIMITS;
    try {
      await test(
        (code, timeoutMs = byDefault) => context.run({ code }, { limits: { ...DEFAULT_LIMITS, timeoutMs } }),
        context,
      );
    } finally {
      await context.close();
    }
  }, files);
}

/** Registers the checks that the interpreter passes on every host. */
export function testCells(host: CellHost): void {
  for (const [name, check] of Object.entries({ ...CHECKS, ...DISPLAY_CHECKS })) {
    Deno.test(`[${host.title}] ${name}`, () => withContext(host, check));
  }
  for (const [name, check] of Object.entries(FIGURE_CHECKS)) {
    Deno.test(`[${host.title}] ${name}`, () => withContext(host, check, FAKE_MATPLOTLIB));
  }

  Deno.test(`[${host.title}] an interrupt sent right after its cell ends that cell alone`, () =>
    host.withHandle(async ({ outcome, output, stdin }) => {
      const writer = stdin.getWriter();
      const lines = stdoutOf(output).pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
      const tell = (...messages: object[]) =>
        writer.write(new TextEncoder().encode(messages.map((message) => `${JSON.stringify(message)}\n`).join("")));
      const kind = async () => JSON.parse((await lines.read()).value?.split("|")[1] ?? "null")?.kind;
      for (let count = 0; count < 50; count++) {
        const cell = {
          name: "cell",
          language: "python",
          timeoutMs: 60_000,
          maxResultBytes: 10_000,
          maxTextLength: 1_000,
          secret: "|",
        };
        await tell({ cell: { ...cell, code: "while True: pass" } }, { interrupt: true });
        assertEquals(await kind(), "interrupted");
        await tell({ interrupt: true }, { cell: { ...cell, code: "1" } });
        assertEquals(await kind(), "done");
        await tell({ cell: { ...cell, code: "1" } }, { interrupt: true }, { interrupt: true });
        assertMatch(await kind(), /^(done|interrupted)$/);
      }
      await writer.close();
      assertEquals([(await lines.read()).done, await outcome], [true, { kind: "exited", exitCode: 0 }]);
    }));

  Deno.test(`[${host.title}] modules of the workspace are for cells, and none takes the place of its own`, () => {
    const names = ["queue", "json", "ast", "re", "traceback", "mine"];
    const files = Object.fromEntries(names.map((name) => [`${name}.py`, "text = 'of the workspace'"]));
    return withContext(host, async (run) => {
      assertEquals((await run("import mine\nmine.text")).value, "of the workspace");
      assertEquals((await run("[1]")).value, [1]);
    }, files);
  });

  Deno.test(`[${host.title}] a program that breaks its interpreter loses at most its context`, async () => {
    for (
      const code of ["import os; os.closerange(0, 64)", "import os; os.kill(os.getpid(), 9)", "import os; os._exit(7)"]
    ) {
      await withContext(host, async (run) => assertEquals([code, (await run(code)).contextLost], [code, true]));
    }
    await withContext(host, async (run) => {
      for (
        const code of [
          "import sys; sys.stdout = sys.stderr = None",
          "import json; json.dumps = None; json.loads = 1",
          "1",
        ]
      ) {
        assertEquals([code, (await run(code)).outcome.kind], [code, "exited"]);
      }
    });
  });
}

function stdoutOf(output: ProgramHandle["output"]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(output).pipeThrough(
    new TransformStream<OutputChunk, Uint8Array<ArrayBuffer>>({
      transform({ bytes, stream }, controller) {
        if (stream === "stdout") controller.enqueue(new Uint8Array(bytes));
      },
    }),
  );
}

const CHECKS: Readonly<Record<string, (run: RunCell, context: Context) => Promise<void>>> = {
  "a result is JSON where that is lossless, and else a bundle": async (run) => {
    const values = ["1", "1.5", "'text'", "True", "[1, [None]]", "{'a': {'b': []}}"];
    for (const code of values) assertEquals((await run(code)).valueType, "json");
    const others = ["2**53", "float('nan')", "(1,)", "{1: 2}", "'\\ud800'", "b'x'", "object"];
    for (const code of others) assertEquals([code, (await run(code)).valueType], [code, "mime"]);
    assertEquals(["value" in await run("None"), "value" in await run("x = 1"), "value" in await run("")], [
      false,
      false,
      false,
    ]);
    assertEquals((await run("cycle = []\ncycle.append(cycle)\ncycle")).value, { "text/plain": "[[...]]" });
  },

  "a result stays within its bound, and a value without a repr is reported": async (run) => {
    const { value } = await run("'x' * 10_000_000");
    assertMatch(JSON.stringify(value), /^\{"text\/plain":"'x+\\n\[… \d+ bytes are left out here …\]\\nx+'"\}$/);
    assertEquals((await run("list(range(30000))")).valueType, "mime");
    const many = await run("for _ in range(3000): display('x' * 3000)");
    assertEquals([many.displays?.length, many.displaysOmitted], [1000, 2000]);
    const bad =
      "class Bad:\n  def __repr__(self): raise ValueError\n  def _repr_html_(self): raise ValueError('html')\nBad()";
    const shown = await run(bad);
    assertEquals(shown.value, { "text/plain": "[a value that cannot be shown: ValueError]" });
    assertMatch(shown.stderr, /ValueError: html\n$/);
    assertMatch((await run("display('text', raw=True)")).stderr, /TypeError: Cannot display a value/);
  },

  "a result has its text as the prompt shows it, bounded, whatever its repr does": async (run) => {
    const texts = [["False", "False"], ["'a\\nb'", "'a\\nb'"], ["[1, (2,)]", "[1, (2,)]"], [
      "None",
      undefined,
    ]] as const;
    for (const [code, text] of texts) assertEquals([code, (await run(code)).text], [code, text]);
    const long = (await run("'äb' * 5_000_000")).text ?? "";
    const half = "äb".repeat(8_175);
    assertEquals(long, `'${half}ä\n[… 14950947 bytes are left out here …]\nb${half}'`);
    const reprs = [
      ["raise ValueError", "[a value that cannot be shown: ValueError]"],
      ["return 'x\\ud800'", "x\\ud800"],
      ["return type('T', (str,), {'__len__': lambda s: 1 / 0, '__getitem__': lambda s, k: 1 / 0})('t')", "t"],
    ] as const;
    for (const [body, text] of reprs) {
      assertEquals((await run(`class Bad:\n  def __repr__(self): ${body}\nBad()`)).text, text);
    }
    const late = await run("class Late:\n  def __repr__(self):\n    while True: pass\nLate()", SOON_MS);
    assertEquals([late.outcome.kind, late.contextLost, late.text], ["timed_out", undefined, undefined]);
  },

  "a value is laid out as IPython's prompt does, bounded, whatever its classes do": async (run) => {
    await run([
      "import collections, re, types",
      "class Named:\n  def method(self, a, *b): pass",
      "class Own:\n  def _repr_pretty_(self, p, cycle):",
      "    with p.group(2, 'Own(', ')'): p.text('...') if cycle else p.pretty(self.part)",
      "class Bad:\n  def __repr__(self): raise ValueError",
      "class Worse:\n  def _repr_pretty_(self, p, cycle): p.begin_group(1, '<'); 1 / 0\n  def __repr__(self): return 'Worse'",
      "own = Own(); own.part = own",
    ].join("\n"));
    const line = "x".repeat(40);
    const texts = [
      ["{'b': 1, 'a': 2}", "{'b': 1, 'a': 2}"],
      [`['${line}', '${line}']`, `['${line}',\n '${line}']`],
      [`{'a': ['${line}'], 'b': ('${line}', 1)}`, `{'a': ['${line}'],\n 'b': ('${line}', 1)}`],
      ["{3, 1, 2}", "{1, 2, 3}"],
      ["[int, Named, re.Pattern]", "[int, __main__.Named, re.Pattern]"],
      ["Named.method", "<function __main__.Named.method(self, a, *b)>"],
      ["collections.Counter('abb')", "Counter({'b': 2, 'a': 1})"],
      ["collections.deque([1], 2)", "deque([1], maxlen=2)"],
      ["types.SimpleNamespace(a=1)", "namespace(a=1)"],
      ["[re.compile('a.', re.S)]", "[re.compile(r'a.', re.DOTALL|re.UNICODE)]"],
      ["ValueError('v', 1)", "ValueError('v', 1)"],
      ["own", "Own(Own(...))"],
      ["[Bad(), 1]", "[[a value that cannot be shown: ValueError], 1]"],
      ["[Worse()]", "[Worse]"],
    ] as const;
    for (const [code, text] of texts) assertEquals([code, (await run(code)).text], [code, text]);
    assertEquals((await run(`display(['${line}', '${line}'])`)).displays, [{
      "text/plain": `['${line}',\n '${line}']`,
    }]);
    assertMatch(
      (await run("[Worse()]")).stderr,
      /^Traceback .*\n {2}File "cell_1", line 10, in _repr_pretty_\n.*Zero/s,
    );
    assertMatch(
      (await run("range_ = tuple(range(2_000_000))\nrange_")).text ?? "",
      /^\(0,\n 1,\n.*\n 999,\n \.\.\.\)$/s,
    );
    assertMatch((await run("[[['x' * 99] * 999] * 999] * 999")).text ?? "", /^\[\[\['x+',\n.*\.\.\.$/s);
  },

  "a failure has its name, message and traceback, bounded, whatever its error does": async (run) => {
    const { error, stderr } = await run("x = 1\n1 / 0");
    assertEquals([error?.name, error?.message], ["ZeroDivisionError", "division by zero"]);
    assertEquals(`${error?.traceback}\n`, stderr);
    const off = (await run("a = (1,\nb c")).error;
    assertEquals(off?.name, "SyntaxError");
    assertMatch(off?.traceback ?? "", /File "cell_2", line \d/);
    const long = (await run("raise ValueError('x' * 10_000_000)")).error;
    assertMatch(long?.message ?? "", /^x{16352}\n\[… 9967296 bytes are left out here …\]\nx{16352}$/);
    assertMatch(long?.traceback ?? "", /^Traceback .*x+\n\[… \d+ bytes are left out here …\]\nx{16352}$/s);
    const define = (body: string, name = "Bad") => `class Bad(Exception):\n  def __str__(self): ${body}\nraise ${name}`;
    assertEquals((await run(define("raise ValueError"))).error?.message, "<exception str() failed>");
    assertEquals((await run(define("return 'x\\ud800'"))).error?.message, "x\\ud800");
    const meta = "class M(type):\n  @property\n  def __name__(cls): return 1 / 0\n";
    const named = await run(`${meta}class Named(Exception, metaclass=M): pass\nraise Named('m')`);
    assertEquals([named.error?.name, named.error?.message, named.contextLost], ["Named", "m", undefined]);
    const late = await run("class Late(Exception):\n  def __str__(self):\n    while True: pass\nraise Late", SOON_MS);
    assertEquals([late.outcome.kind, late.contextLost], ["timed_out", undefined]);
    assertEquals((await run("x")).value, 1);
  },

  "only code that is no Python is looked at for IPython's lines, and its strings and brackets are left alone": async (
    run,
  ) => {
    assertEquals((await run("%nosuch")).error?.name, "UsageError");
    assertMatch((await run("import os\n%nosuch 1")).error?.message ?? "", /`%nosuch` not found.*%timeit/);
    assertMatch((await run("%%nosuch\nit's no Python")).error?.message ?? "", /`%%nosuch` not found.*%%time/);
    assertMatch((await run("%conda install x")).error?.message ?? "", /install_packages/);
    assertEquals((await run("import os\nif True:\n  %env MINE=7\nos.environ['MINE']")).value, "7");
    assertEquals([(await run("(5\n%3)")).value, (await run('"""\n!\n"""')).value], [2, "\n!\n"]);
    assertEquals((await run('%precision\ntext = """\n!ls\n%time x\n"""\nrest = (7\n%4)\n[text, rest]')).value, [
      "\n!ls\n%time x\n",
      3,
    ]);
    for (const code of ["(5\n % )", "(5\n != )", '"""\n%d""" 5']) {
      assertMatch((await run(code)).error?.message ?? code, /^invalid syntax/);
    }
  },

  "a magic that is used in a wrong way says so": async (run) => {
    const wrong = [
      ["%pip install 'a", /no closing quotation/],
      ["%run 'a", /no closing quotation/],
      ["%env =a", /takes a name/],
      ["%env A=a\0b", /takes a name/],
      ["%timeit -n x 1", /-n takes a number above 0.*x$/],
      ["%timeit -r 0 1", /-r takes a number above 0.*0$/],
      ["%timeit -n -1 1", /-n takes a number above 0.*-1$/],
      ["%pip install --target /tmp a", /do not work here.*--target$/],
      ["%pip install -i http://a b", /do not work here.*-i$/],
      ["%%script\na", /takes a command/],
      ["%%time\n%%nosuch\na", /`%%nosuch` not found/],
    ] as const;
    for (const [code, message] of wrong) {
      const { error } = await run(code);
      assertEquals([code, error?.name], [code, "UsageError"]);
      assertMatch(error?.message ?? "", message);
    }
    const deep = await run("def again(): get_ipython().run_line_magic('time', 'again()')\nagain()");
    assertEquals([deep.error?.name, deep.contextLost], ["RecursionError", undefined]);
    const endless = await run("%timeit while True: pass", SOON_MS);
    assertEquals([endless.outcome.kind, endless.contextLost], ["timed_out", undefined]);
  },

  "magics work in functions and loops, and are left alone in strings and brackets": async (run) => {
    const cells = [
      ["def in_function():\n  %time y = 3\n  return y\nin_function()", 3],
      ["for i in range(2):\n  %env COUNT={i}\nimport os\nos.environ['COUNT']", "1"],
      ["s = '''\n%time\n!ls\n?x\n'''\n%precision\ns", "\n%time\n!ls\n?x\n"],
      ["x = [\n  '!ls',\n  5 %\n  3,\n]\n%precision\nx", ["!ls", 2]],
      ["a = 5\\\n%3\n%precision\na", 2],
      ["# !ls\n%precision\n1; x[1]", 2],
      ["%precision\nx;", undefined],
      ["%time 5;", undefined],
      ["%%time\n5;", undefined],
      ["%%time\n'5;'", "5;"],
    ] as const;
    for (const [code, value] of cells) assertEquals([code, (await run(code)).value], [code, value]);
  },

  "get_ipython() runs code as a cell: its value is shown, and its error printed": async (run) => {
    const shown = await run("get_ipython().run_cell('x = 6\\nx + 1').result + 1");
    assertEquals([shown.displays, shown.value], [[{ "text/plain": "7" }], 8]);
    const failed = await run("get_ipython().run_cell('1 / 0').success");
    assertEquals(failed.value, false);
    assertMatch(failed.stderr, /ZeroDivisionError/);
  },

  "values and cells have IPython's names, and a semicolon hides a value": async (run) => {
    assertEquals("value" in await run("41 + 1;  # hidden"), false);
    assertEquals((await run("'a;b'")).value, "a;b");
    await run("[1]");
    assertEquals((await run("[_, __, Out[3], _3, In[3]]")).value, [[1], "a;b", [1], [1], "[1]"]);
    await run("_ = 'mine'\n8");
    assertEquals((await run("_")).value, "mine");
    assertEquals((await run("    x = 1\n    x + 1")).value, 2);
    assertEquals((await run(">>> y = 5\n>>> y * 2\n")).value, 10);
  },

  "a line or cell with a time gives its value, keeps variables, and awaits": async (run) => {
    const line = await run("%time total = sum([1, 2])\n%time total + 1");
    assertEquals([line.value, line.stdout.match(/^(CPU times: user|Wall time:)/gm)?.length], [4, 4]);
    assertEquals((await run("%%time\nimport asyncio\nawait asyncio.sleep(0)\nlater = 5\nlater")).value, 5);
    assertEquals((await run("%time await asyncio.sleep(0, 6)")).value, 6);
    assertMatch(
      (await run("%timeit -n 2 -r 3 total")).stdout,
      /per loop \(mean ± std\. dev\. of 3 runs, 2 loops each\)\n$/,
    );
    assertEquals((await run("[total, later]")).value, [3, 5]);
  },

  "an error keeps the line and the text of the cell that was written": async (run) => {
    const { stderr } = await run("a = 0\n%time 1 / a");
    assertEquals(stderr.match(/File "cell_1", line 2, in <module>\n {4}%time 1 \/ a\n/g)?.length, 2);
    assertMatch((await run("%%time\n\n1 / a")).stderr, /File "cell_2", line 3, in <module>\n {4}1 \/ a\n/);
    assertMatch((await run("%precision\nb c")).stderr, /File "cell_3", line 2\n {4}b c\n/);
  },

  "a captured cell shows nothing, and its output and displays are kept": async (run) => {
    const { displays, stdout, value } = await run("%%capture kept\nprint('p')\ndisplay(1)\n2");
    assertEquals([displays, stdout, value], [[], "", undefined]);
    assertEquals((await run("[kept.stdout, kept.outputs]")).value, [
      "p\n",
      [{ "text/plain": "1" }, { "text/plain": "2" }],
    ]);
  },

  "a file that a cell writes runs with its variables kept": async (run) => {
    assertEquals(
      (await run("%%writefile mine_.py\nimport sys\nname, given = __name__, sys.argv[1:]\n")).stdout,
      "Writing mine_.py\n",
    );
    assertEquals((await run("%run mine_.py a 'b c'\n[name, given, __name__]")).value, [
      "__main__",
      ["a", "b c"],
      "__main__",
    ]);
    assertEquals((await run("%reset -f\n'name' in globals()")).value, false);
  },

  "a cell reads its own stdin line by line, and says what it lacks": async (_run, context) => {
    const run = (code: string, stdin?: string) =>
      context.run({ code, ...(stdin === undefined ? {} : { stdin }) }, { limits: DEFAULT_LIMITS });
    const read = await run("import getpass, sys\n[input('name? '), getpass.getpass(), *sys.stdin]", "a\nb\nc\nd");
    assertEquals([read.value, read.stdout], [["a", "b", "c\n", "d"], "name? "]);
    assertEquals((await run("[sys.stdin.readline(), sys.stdin.read()]", "1\n2\n3")).value, ["1\n", "2\n3"]);
    const { error } = await run("input()");
    assertEquals(error?.name, "EOFError");
    assertMatch(error?.message ?? "", /`stdin`/);
  },

  "a cell asks its client for the lines that its stdin lacks, and an interrupt ends the question": async (
    _run,
    context,
  ) => {
    const asked: object[] = [];
    const ask = (code: string, timeoutMs = 10_000) =>
      context.run({ code, stdin: "first\n" }, {
        limits: { ...DEFAULT_LIMITS, timeoutMs },
        onInput(question, { signal }) {
          asked.push(question);
          if (question.prompt === "none") return Promise.resolve(undefined);
          if (question.prompt !== "late") return Promise.resolve(`to ${question.prompt}`);
          return new Promise((resolve) => signal.addEventListener("abort", () => resolve("too late")));
        },
      });
    const { stdout, value } = await ask("import getpass\n[input('p'), input('q'), getpass.getpass('r')]");
    assertEquals([value, stdout], [["first", "to q", "to r"], "p"]);
    assertEquals(asked, [{ prompt: "q", isSecret: false }, { prompt: "r", isSecret: true }]);
    assertEquals((await ask("input(), input('none')")).error?.name, "EOFError");
    const late = await ask("input(), input('late')", SOON_MS);
    assertEquals([late.outcome.kind, late.contextLost], ["timed_out", undefined]);
    assertEquals((await ask("input()\ninput('next')")).value, "to next");
  },

  "packages that a cell asks for are installed by the service, whose answer the cell has": async (_run, context) => {
    const asked: (readonly string[])[] = [];
    const run = (code: string, install: (packages: readonly string[]) => Promise<number>) =>
      context.run({ code }, {
        limits: DEFAULT_LIMITS,
        async install(packages, { onOutput }) {
          asked.push(packages);
          await onOutput?.({ stream: "stdout", bytes: new TextEncoder().encode("installing\n") });
          return await install(packages);
        },
      });
    const done = await run("%pip install -q 'nosuch_a[x]>=1' nosuch_b\n_exit_code", () => Promise.resolve(0));
    assertEquals([done.value, done.stdout, asked], [0, "installing\n", [["nosuch_a[x]>=1", "nosuch_b"]]]);
    const refused = await run(
      "!pip install nosuch_c\n_exit_code",
      () => Promise.reject(new Error("The policy says no")),
    );
    assertEquals([refused.value, refused.stderr], [1, "ERROR: The policy says no\n"]);
    assertMatch(
      (await context.run({ code: "%pip install nosuch" }, { limits: DEFAULT_LIMITS })).stderr,
      /^ERROR: Cannot install/,
    );
  },

  "displays come whole and in order with the output": async (_run, context) => {
    const seen: unknown[] = [];
    const run = (code: string) =>
      context.run({ code }, {
        limits: DEFAULT_LIMITS,
        onOutput({ bytes }) {
          const last = seen.at(-1); // A line may come in pieces.
          const text = new TextDecoder().decode(bytes);
          if (typeof last === "string") seen[seen.length - 1] = last + text;
          else seen.push(text);
        },
        onDisplay: (bundle) => void seen.push(bundle),
      });
    const { displays } = await run("print('a')\ndisplay(1)\nprint('b')\ndisplay({'text/html': '<b>'}, raw=True)");
    assertEquals(seen, ["a\n", { "text/plain": "1" }, "b\n", { "text/html": "<b>" }]);
    assertEquals(displays, [{ "text/plain": "1" }, { "text/html": "<b>" }]);
  },

  "an interrupt divides no display, and fifty thousand displays are counted": async (run) => {
    const flood = await run("while True: display('x' * 100000)", SOON_MS);
    assertEquals([flood.outcome.kind, flood.contextLost], ["timed_out", undefined]);
    const spread = await run("import time\nwhile True:\n  display('x' * 5000); time.sleep(0.0005)", SOON_MS);
    assertEquals([spread.outcome.kind, spread.contextLost], ["timed_out", undefined]);
    const counted = await run("for i in range(50_000): display(i)");
    assertEquals([counted.displays?.length, counted.displaysOmitted, counted.exitCode], [1000, 49_000, 0]);
  },

  "a traceback has only the frames of the program": async (run) => {
    const { stderr } = await run("try:\n  1 / 0\nexcept Exception as error:\n  raise ValueError('again') from error");
    assertEquals(stderr.match(/File "[^"]*", line \d+/g), ['File "cell_1", line 2', 'File "cell_1", line 4']);
    const interrupted = await run("while True: pass", SOON_MS);
    assertEquals(interrupted.outcome.kind, "timed_out");
    assertEquals(interrupted.stderr.match(/File "[^"]*"/g), ['File "cell_2"']);
    const awaiting = await run("import asyncio\nawait asyncio.sleep(0)\n1 / 0");
    assertEquals(awaiting.stderr.match(/File "[^"]*", line \d+/g), ['File "cell_3", line 3']);
    const waiting = await run(
      "async def wait():\n  await asyncio.get_running_loop().create_future()\nawait wait()",
      SOON_MS,
    );
    assertEquals(waiting.outcome.kind, "timed_out");
    assertEquals(waiting.stderr.match(/File "[^"]*", line \d+/g), [
      'File "cell_4", line 3',
      'File "cell_4", line 2',
    ]);
    const spinning = await run("await asyncio.sleep(0)\nwhile True: pass", SOON_MS);
    assertEquals(spinning.stderr.match(/File "[^"]*", line \d+/g), ['File "cell_5", line 2']);
    const stopped = await run("await asyncio.sleep(0)\nraise StopIteration");
    assertEquals(stopped.stderr.match(/File "[^"]*", line \d+/g), ['File "cell_6", line 2']);
    assertMatch((await run("exec('1/0')")).stderr, /File "<string>", line 1, in <module>\nZeroDivisionError/);
  },

  "every exception of a cell is its failure, except SystemExit": async (run) => {
    for (const error of ["GeneratorExit", "StopIteration", "KeyboardInterrupt", "BaseException", "ValueError"]) {
      for (const begin of ["", "import asyncio; await asyncio.sleep(0); "]) {
        const { contextLost, outcome, stderr } = await run(`${begin}raise ${error}`);
        assertEquals([error, contextLost, outcome], [error, undefined, { kind: "exited", exitCode: 1 }]);
        assertEquals(stderr.match(/File "/g)?.length, 1);
      }
    }
    const { contextLost, outcome } = await run("import asyncio; await asyncio.sleep(0); raise SystemExit(3)");
    assertEquals([contextLost, outcome], [true, { kind: "exited", exitCode: 3 }]);
  },

  "a cell with await runs in the event loop as a whole, any other outside of it": async (run) => {
    const cells = [
      "import asyncio\nasync def twice(n):\n  await asyncio.sleep(.01)\n  return 2 * n",
      "task = asyncio.create_task(twice(1))\nawait task",
      "asyncio.get_running_loop()\nother = asyncio.create_task(twice(2))\nawait other\nother.result()",
      "asyncio.run(twice(3))",
      "asyncio.get_event_loop_policy().new_event_loop().run_until_complete(twice(4))",
      "await twice(5)",
    ];
    const values = [];
    for (const code of cells) values.push((await run(code)).value);
    assertEquals(values, [undefined, 2, 4, 6, 8, 10]);
  },

  "all cells share their context variables, with or without await": async (run) => {
    await run("import asyncio, contextvars, decimal\nname = contextvars.ContextVar('name', default=0)");
    const cells = [
      "await asyncio.sleep(0)\ndecimal.getcontext().prec = 50\ntoken = name.set(1)\n[decimal.getcontext().prec, name.get()]",
      "[decimal.getcontext().prec, name.get()]",
      "name.reset(token)\ndecimal.getcontext().prec = 60",
      "async def look(): return [decimal.getcontext().prec, name.get()]\nawait asyncio.create_task(look())",
    ];
    const values = [];
    for (const code of cells) values.push((await run(code)).value);
    assertEquals(values, [[50, 1], [50, 1], undefined, [60, 0]]);
    const repr = "class Shown:\n  def __repr__(self): return str(name.get())\nname.set(7)\ndisplay(Shown())\nShown()";
    const { displays, value } = await run(repr);
    assertEquals([displays, value], [[{ "text/plain": "7" }], { "text/plain": "7" }]);
  },

  "a C function that only checks for signals is interrupted, at its deadline and before": async (run, context) => {
    for (const begin of ["", "import asyncio; await asyncio.sleep(0)\n"]) {
      const late = await run(begin + ENDLESS_MATCH, SOON_MS);
      assertEquals([late.outcome.kind, late.contextLost], ["timed_out", undefined]);
      const running = run(begin + ENDLESS_MATCH);
      await new Promise((resolve) => setTimeout(resolve, 100));
      assertEquals(context.interrupt(), true);
      const { contextLost, outcome } = await running;
      assertEquals([outcome.kind, contextLost], ["cancelled", undefined]);
    }
    assertEquals((await run("1")).value, 1);
  },
};

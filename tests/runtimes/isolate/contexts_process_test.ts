import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "../../../src/concurrency/delay.ts";
import type { Context } from "../../../src/contexts/context.ts";
import { Contexts } from "../../../src/contexts/contexts.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ExecutionEnvironment } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { openPresentIsolate } from "../../support/open_isolate.ts";

const opened = await openPresentIsolate();
Deno.test.afterAll(async () => await opened?.[Symbol.asyncDispose]());

/** A context in an environment of its own. */
interface Opened {
  readonly environment: ExecutionEnvironment;
  readonly context: Context;
  run(code: string, limits?: Partial<Limits>): Promise<ProgramResult>;
}

/** Registers a test of a context. */
function testContext(name: string, test: (opened: Opened) => Promise<void>): void {
  Deno.test({
    name: `[isolate] ${name}`,
    ignore: opened === undefined,
    async fn() {
      if (opened === undefined) return;
      const resourceLimits = { ...DEFAULT_LIMITS, memoryMb: 64 };
      await using environment = await opened.runtime.createEnvironment(configureEnvironment("web", { resourceLimits }));
      await using contexts = new Contexts();
      const memory = { [Symbol.dispose]() {} };
      const options = { language: "web", limits: resourceLimits, lifetimeMs: 60_000, createdAt: 0, memory };
      const context = contexts.get((await contexts.open(environment, options)).id);
      await test({
        environment,
        context,
        run: (code, limits = {}) => context.run({ code }, { limits: { ...resourceLimits, ...limits } }),
      });
    },
  });
}

const NAMES =
  "Array,Error,JSON,Map,Object,Promise,RegExp,Reflect,Set,String,Symbol,TextEncoder,Uint8Array,URL,setTimeout";

/** Cells, and what each says: its value, or what its stderr begins with. */
const CELLS: readonly (readonly [code: string, said: unknown])[] = [
  ["Object.prototype.toJSON = Array.prototype.toJSON = () => ({ kind: 'done', value: 'forged' }); 1", 1],
  ["delete Object.prototype.toJSON; delete Array.prototype.toJSON; JSON.stringify = () => '{'; [1]", [1]],
  ["console.log('x'.repeat(200_000)); 2", 2],
  ["let a = await 4; class B {} if (a) var c = 1; [a, new B() instanceof B, c]", [4, true, 1]],
  ["const a = 5; a = 6", "Uncaught TypeError: Assignment to constant variable."],
  ["Promise.reject(new RangeError('nobody handles it')); 7", 7],
  [
    "await new Promise((resolve) => setTimeout(resolve, 1)); typeof $interpreter + typeof process",
    "undefinedundefined",
  ],
  ["{ a, b: [c] }", { a: 5, b: [1] }],
  [`const ${NAMES.replaceAll(",", " = 1, ")} = 1; a`, 5],
  ["globalThis.eval = () => 'mine'; a", 5],
  ["let = = 1", "Uncaught SyntaxError"],
  ["a +", "Uncaught SyntaxError: .*\n    at cell_12:1:4\n"],
  ["throw { own: a }", "Uncaught { own: 5 }"],
  ["using held = { [globalThis.Iterator.constructor.name]: 1 }", "Uncaught TypeError: Symbol\\(Symbol.dispose\\)"],
];

testContext("a cell says what it is worth, whatever a program plants in the way of that", async ({ run }) => {
  let said = "";
  for (const [code, expected] of CELLS) {
    const { stderr, stdout, value } = await run(code);
    said += stderr;
    if (code.includes("repeat")) assertEquals(stdout.length, 200_001);
    if (typeof expected === "string" && expected.startsWith("Uncaught")) {
      assertMatch(stderr, new RegExp(expected), code);
    } else assertEquals(value, expected, code);
  }
  assertMatch(said, /Uncaught RangeError: nobody handles it\n {4}at cell_6:1:16\n/);
});

/** Values that act when they are read, and how their cells end: by a value's text, stderr, or the context's end. */
const ACTING_VALUES: readonly (readonly [code: string, end: string])[] = [
  ["({ get a() { throw 1; } })", "{ a: [Getter] }"],
  ["new Proxy({}, { ownKeys() { throw 1; }, get() { throw 2; } })", "Uncaught 2\n"],
  ["new Proxy(function () {}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })", "Uncaught 2\n"],
  ["({ then(resolve) { resolve('forged'); } })", "{ then: [Function: then] }"],
  ["({ get then() { throw new Error('g'); } })", "{ then: [Getter] }"],
  ["({ get a() { for (;;); } })", "timed_out"],
];

testContext("a value that acts when it is read changes no more than the answer of its cell", async ({ run }) => {
  for (const [code, end] of ACTING_VALUES) {
    const { outcome, stderr, text, value } = await run(code, { timeoutMs: end === "timed_out" ? 500 : 60_000 });
    assertEquals(outcome.kind === "exited" ? text ?? stderr : outcome.kind, end, code);
    assert(value !== "forged", code);
  }
});

testContext("cells import files of the workspace as they are then, with types and import()", async (opened) => {
  const { environment: { files }, run } = opened;
  const write = (path: string, text: string) => files.write(path, new TextEncoder().encode(text));
  assertMatch((await run("import { seven } from './lib/lib.ts'")).stderr, /^Uncaught Error: Cannot find module/);
  await write(
    "lib/lib.ts",
    "import { six } from '../six.js';\nenum One { A = 1 }\nexport const seven: number = six + One.A;",
  );
  await write("six.js", "export const six = 6;");
  await write("failing.ts", "enum One { A }\n\nexport const fail = () => {\n  throw new RangeError('far');\n};");
  assertEquals((await run("import { seven } from './lib/lib.ts'; seven")).value, 7);
  assertEquals((await run("(await import('./lib/lib.ts')).seven === seven")).value, true);
  const { error, stderr } = await run("const { fail } = await import('./failing.ts');\n  fail(); 0");
  assertEquals(error?.traceback, "RangeError: far\n    at fail (file:///workspace/failing.ts:4:9)\n    at cell_4:2:3");
  assertEquals(stderr, `Uncaught ${error?.traceback}\n`);
});

testContext("displays come with their cell, and what goes on behind one is told with the next", async ({ run }) => {
  const { displays, value } = await run("display({ n: 1 }); display({ 'text/html': '<b>' }, { raw: true }); 2");
  assertEquals([displays, value], [[{ "text/plain": "{ n: 1 }" }, { "text/html": "<b>" }], 2]);
  await run("setTimeout(() => { console.log('late'); throw new TypeError('later', { cause: 1 }); }, 5);");
  const { stderr, stdout } = await run("await new Promise((resolve) => setTimeout(resolve, 30))");
  assertEquals([stdout, stderr], ["late\n", "Uncaught TypeError: later\n    at cell_2:1:47 {\n  [cause]: 1\n}\n"]);
});

testContext("a cell that waits is interrupted or ended at its deadline, and programs run beside it", async (opened) => {
  const { context, environment, run } = opened;
  await run("const kept = 3;");
  const waiting = run("console.log('waits'); await new Promise(() => {})");
  await environment.files.write("main.js", new TextEncoder().encode("console.log(typeof kept);"));
  const program = { kind: "file", path: "main.js", args: [] } as const;
  assertEquals((await runProgram(environment, program, { limits: DEFAULT_LIMITS })).stdout, "undefined\n");
  while (!context.interrupt()) await delay(1);
  assertEquals((await waiting).outcome.kind, "cancelled");
  assertEquals((await run("await new Promise(() => {})", { timeoutMs: 100 })).outcome.kind, "timed_out");
  assertEquals((await run("kept")).value, 3);
});

/** What ends a context with the outcome of its cell. */
const ENDINGS: readonly (readonly [code: string, kind: string, limits: Partial<Limits>])[] = [
  ["const all = []; for (;;) all.push(new Array(1e5).fill(0.5));", "memory_limit", {}],
  ["for (;;) console.log('x'.repeat(1_000));", "output_limit", { maxTotalOutputBytes: 100_000 }],
  ["await null; for (;;);", "cpu_limit", { cpuMs: 200 }],
];

for (const [code, kind, limits] of ENDINGS) {
  testContext(`a cell that runs ${code} ends its context, and that is told`, async ({ context, run }) => {
    const { contextLost, outcome } = await run(code, { ...limits, timeoutMs: 30_000 });
    assertEquals([outcome.kind, contextLost, context.isLost], [kind, true, true]);
    assertEquals((await assertRejects(() => run("1"), CodeBeakerError)).code, "conflict");
  });
}

testContext("memory beside the heap is bounded, and what is refused is an error of the cell", async ({ run }) => {
  const { outcome, stderr } = await run("const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1));");
  assertEquals(outcome, { kind: "exited", exitCode: 1 });
  assertMatch(stderr, /^Uncaught RangeError: Array buffer allocation failed\n/);
  const gotMb = Number((await run("all.length")).value);
  assert(gotMb > 1 && gotMb <= 64 + 96, `${gotMb} MB`); // The limit, and what a slot has beyond it.
});

testContext("a context is for cells in web alone, and ends with its environment", async ({ context, environment }) => {
  const { contextEnvironments = [] } = opened?.runtime ?? {};
  assertEquals(contextEnvironments, ["web"]);
  const options = { env: {}, limits: DEFAULT_LIMITS };
  const start = () => environment.run({ kind: "context", language: "typescript" }, options);
  assertEquals((await assertRejects(start, CodeBeakerError)).code, "unsupported_language");
  await environment[Symbol.asyncDispose]();
  assertEquals((await context.ended).kind, "signaled");
  assert(context.isLost);
});

/** A cell whose end cannot be reported, which ends the interpreter. */
const POISON = `const real = Uint8Array.prototype.subarray;
Uint8Array.prototype.subarray = function (from, to) {
  if (from === 0 && to === 4096) throw new Error("poisoned");
  return real.call(this, from, to);
};`;

testContext("an order that a context leaves unread never runs as a program", async ({ environment }) => {
  const limits = { ...DEFAULT_LIMITS, memoryMb: 64 };
  const { outcome, output, stdin } = await environment.run({ kind: "context", language: "web" }, { env: {}, limits });
  const isRead = output.cancel();
  const cell = { code: POISON, language: "web", maxResultBytes: 1, maxTextLength: 1, name: "cell_1", secret: "s" };
  const orders = [{ cell: { ...cell, timeoutMs: 60_000 } }, { interrupt: true }].map((order) => JSON.stringify(order));
  await stdin.getWriter().write(new TextEncoder().encode(`${orders.join("\n")}\n`));
  await Promise.all([isRead, outcome]);
  for (const word of ["one", "two"]) {
    await environment.files.write("main.js", new TextEncoder().encode(`console.log("${word}");`));
    const program = { kind: "file", path: "main.js", args: [] } as const;
    assertEquals((await runProgram(environment, program, { limits })).stdout, `${word}\n`);
  }
});

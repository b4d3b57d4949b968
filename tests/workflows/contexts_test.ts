import { assertEquals, assertMatch } from "@std/assert";
import { RpcClient } from "../server/rpc/door.ts";
import { ApiClient } from "../support/api_client.ts";
import { documentedFetch } from "../support/documented.ts";
import { OpenContext } from "../support/open_context.ts";
import { createKey } from "../support/keys.ts";
import { nextEvent, serverEvents } from "../support/server_events.ts";
import { openService } from "../support/own_service.ts";
import { shareService } from "../support/shared_service.ts";
import { until } from "../support/until.ts";

const shared = shareService();

const EXITED = { kind: "exited", exitCode: 0 } as const;

/** Ways to declare `x` as `N`, and the expression that reads it. */
const DECLARATIONS = {
  const: "const x = N; x",
  pattern: "const { x } = { x: N }; x",
  let: "let x = N; x",
  var: "var x = N; x",
  "var in a block": "if (true) { var x = N } x",
  "var of a loop": "for (var x of [N]); x",
  function: "x(); function x() { return N } x()",
  class: "class x { static n = N } x.n",
  enum: "enum x { a = N } x.a",
  namespace: "namespace x { export const n = N } x.n",
  import: "import x from './mN.ts'\n[x][0]",
  using: "using x = { n: N, [Symbol.dispose]() {} }; x.n",
  "function in a block": "{ function x() {} } const y = N; y",
  "failed let": "let y = N; try { eval('null.z') } catch {} y",
} as const;

Deno.test("a context keeps variables, imports and functions from cell to cell, and answers with values", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  assertEquals((await context.run("interface Point { x: number }\nconst p: Point = { x: 40 };")).outcome, EXITED);
  assertEquals(
    (await context.run("import { join } from 'node:path';\nfunction add(n: number) { return p.x + n }")).value,
    undefined,
  );
  assertEquals((await context.run("add(2)")).value, 42);
  assertEquals((await context.run("const p = { x: 1 }; await Promise.resolve(); add(join('a', 'b').length)")).value, 4);
  const shown = await context.run(
    "console.log('out'); console.error('err'); Deno.jupyter.display(Deno.jupyter.html`<b>`); new Map([[1, 2]])",
  );
  assertEquals([shown.stdout, shown.stderr, shown.value, shown.valueType, shown.displays], [
    "out\n",
    "err\n",
    { "text/plain": "Map(1) { 1 => 2 }" },
    "mime",
    [{ "text/html": "<b>" }],
  ]);
  const last = await context.run("display(7)");
  assertEquals([last.value, last.displays], [undefined, [{ "text/plain": "7" }]]);
  const failed = await context.run("let fine = 1;\n\nnull.foo");
  assertEquals([failed.exitCode, failed.contextLost], [1, undefined]);
  assertMatch(failed.stderr, /^Uncaught TypeError: .*\n {4}at cell_7:3:6\n$/);
  assertEquals((await client.json("GET", `/v1/executions/${failed.id}`)).cell, "cell_7");
  assertEquals(await client.status("DELETE", context.path), 204);
  assertEquals(await client.status("DELETE", context.path), 404);
  assertEquals((await client.json("POST", `${context.path}/executions`, { code: "1" })).code, "not_found");
});

Deno.test("a cell tells its value as the prompt shows it, and its error, whatever is made to be in the way", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  const texts = [["'a\\nb'", '"a\\nb"'], ["[1, 'b']", '[ 1, "b" ]'], ["null", "null"], ["let x = 1", undefined]];
  for (const [code = "", text] of texts) assertEquals((await context.run(code)).text, text);
  const failed = await context.run("let fine = 1;\n\nnull.foo");
  const message = "Cannot read properties of null (reading 'foo')";
  assertEquals(failed.error, {
    name: "TypeError",
    message,
    traceback: `TypeError: ${message}\n    at cell_5:3:6`,
  });
  assertEquals(failed.stderr, `Uncaught ${failed.error?.traceback}\n`);
  const off = await context.run("let a: = 1");
  assertEquals([off.error?.name, off.error?.traceback.split("\n").at(-1)], ["SyntaxError", "    at cell_6:1:8"]);
  assertMatch((await context.run("JSON.parse('{')")).stderr, /^Uncaught SyntaxError: Expected property name/);
  assertEquals((await context.run("throw 42")).error, { name: "Uncaught", message: "42", traceback: "42" });
  const { error } = await context.run("throw new Error('x'.repeat(1_000_000))", { limits: { maxOutputBytes: 1_000 } });
  for (const text of [error?.message, error?.traceback]) assertMatch(text ?? "", /bytes are left out here/);
  const hidden = "throw Object.defineProperty(new Error('m'), 'message', { get() { throw 1 } })";
  assertEquals((await context.run(hidden)).error?.message, "[a message that cannot be read]");
  for (const trap of ["get", "getPrototypeOf", "ownKeys"]) {
    const { exitCode } = await context.run(`throw new Proxy(new Error(), { ${trap}() { throw 1 } })`);
    assertEquals([trap, exitCode], [trap, 1]);
  }
  assertEquals((await context.run("fine")).value, 1);
  const late = "display(7); ({ [Symbol.for('Deno.customInspect')]() { while (true); } })";
  const { contextLost, displays, outcome } = await context.run(late, { timeoutMs: 2_000 });
  assertEquals([contextLost, displays, outcome], [true, [{ "text/plain": "7" }], {
    kind: "timed_out",
    limitMs: 2_000,
  }]);
});

Deno.test("displays are streamed as they come, in order with the output, and counted beyond their bounds", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  const code = `console.log("a"); display(1); console.log("b"); display(Deno.jupyter.html\`<b>\`);
    await new Promise((done) => setTimeout(done, 60_000));`;
  const request = { code, timeoutMs: 100_000 };
  const streaming = { accept: "text/event-stream" };
  const response = await client.ask("POST", `${context.path}/executions`, request, streaming);
  const events = serverEvents(response.body ?? new ReadableStream());
  const seen: unknown[] = [];
  while (seen.length < 5) {
    const { data, event } = await nextEvent(events);
    seen.push(event === "started" ? event : [event, data.text ?? data.data]);
  }
  assertEquals(seen, [
    "started",
    ["stdout", "a\n"],
    ["display", { "text/plain": "1" }],
    ["stdout", "b\n"],
    ["display", { "text/html": "<b>" }],
  ]);
  await client.json("POST", `${context.path}/interrupt`);
  const { data, event } = await nextEvent(events);
  assertEquals([event, data.outcome, data.displays], ["completed", { kind: "cancelled" }, [{ "text/plain": "1" }, {
    "text/html": "<b>",
  }]]);
  const many = await context.run("for (let count = 0; count < 1_000_000; count++) display(count)", {
    timeoutMs: 120_000,
  });
  assertEquals([many.displays?.length, many.displaysOmitted, many.outcome], [1_000, 999_000, EXITED]);
});

Deno.test("everything may be declared again as anything else, by names that are the interpreter's own as well", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  await context.run("for (const n of [1, 2]) Deno.writeTextFileSync(`m${n}.ts`, `export default ${n}`)");
  const ways = Object.entries(DECLARATIONS);
  for (const [index, way] of ways.entries()) {
    const name = index % 2 === 0 ? "crypto" : "a";
    // Each of the ways from this one on comes before and after it.
    const turns = [way, way, ...ways.slice(index + 1).flatMap((other) => [other, way])];
    for (const [turn, [title, code]] of turns.entries()) {
      const n = 1 + turn % 2;
      const { value, stderr } = await context.run(code.replaceAll(/\bx\b/g, name).replaceAll("N", `${n}`));
      assertEquals(value ?? stderr, n, `${turns[turn - 1]?.[0]}, then ${title}`);
    }
  }
});

Deno.test("a cell may take the names of everything that the interpreter itself uses", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  const names =
    "Array,Error,Function,JSON,Map,Math,Number,Object,Promise,RegExp,Set,String,Symbol,SyntaxError,TextDecoder," +
    "TextEncoder,TypeError,URL,Uint8Array,WeakSet,clearTimeout,performance,process,queueMicrotask,setTimeout";
  assertEquals((await context.run(`const ${names.replaceAll(",", " = 1, ")} = 1;`)).outcome, EXITED);
  assertEquals((await context.run("import { join } from 'node:path'; const x: string = join('a', 'b'); [x]")).value, [
    "a/b",
  ]);
  assertEquals((await context.run("using r = null; display(7); ({ a: 1n })")).displays, [{ "text/plain": "7" }]);
  assertMatch(
    (await context.run("function f() { null.foo }\nf()")).stderr,
    /^Uncaught TypeError.*\n.*cell_4:1:\d+\)\n {4}at cell_4:2:1\n$/,
  );
  assertMatch((await context.run("let a: = 1")).stderr, /^Uncaught SyntaxError.*\n.*cell_5:1:8/);
  assertMatch((await context.run("f(")).stderr, /^Uncaught SyntaxError: Expression expected\n.*cell_6:1:3/);
});

Deno.test("declarations mean in a cell what they mean in a module", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  const values = async (...cells: string[]) => {
    const answers: unknown[] = [];
    for (const cell of cells) {
      const { stderr, value } = await context.run(cell);
      answers.push(stderr === "" ? value : stderr.split("\n").find((line) => line.startsWith("Uncaught ")));
    }
    return answers;
  };
  assertEquals(await values("5; var a = 7", "var a; a", "var a = a || 1; a"), [5, 7, 7], "a var keeps its value");
  assertEquals(await values("const k = 1;\nk = 2", "k = 3; k"), [
    "Uncaught TypeError: Assignment to constant variable.",
    3,
  ]);
  assertEquals(await values("enum E { A, B }", "enum E { Q } Object.keys(E)"), [undefined, ["0", "Q"]]);
  assertEquals(await values("let t = null.foo", "var t = 2; t"), [
    "Uncaught TypeError: Cannot read properties of null (reading 'foo')",
    2,
  ]);
  const thrower = await context.run("let i = 1\nfail()\n  function fail() {\n    null.foo\n  }\n[i]");
  assertMatch(thrower.stderr, /\n {4}at fail \(cell_10:4:10\)\n {4}at cell_10:2:1\n$/);
  const use = "{ [Symbol.dispose]: () => order.push(1) }, b = { [Symbol.dispose]: () => order.push(2) }";
  assertEquals(await values(`let order: number[] = []; using r = ${use}; order.push(0)`, "order"), [1, [0, 2, 1]]);
  await context.run("Deno.writeTextFileSync('types.ts', 'export interface T {}\\nexport const v = 5')");
  assertEquals(
    await values("import { T, v } from './types.ts'; const o: T = {}; v", "import { w } from './types.ts'"),
    [
      5,
      "Uncaught SyntaxError: The requested module './types.ts' does not provide an export named 'w'",
    ],
  );
});

Deno.test("the descriptor of stdin is closed to whatever could read it, and the context goes on", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "javascript" });
  const context = await OpenContext.open(client, session.id);
  await context.run("1");
  const read = await context.run("import fs from 'node:fs'; try { fs.readFileSync(0) } catch (error) { error.code }");
  assertEquals(read.value, "EBADF");
  await context.run("const read = new Promise((done) => fs.read(0, new Uint8Array(9), 0, 9, null, done)); 0");
  assertEquals((await context.run("(await read).code")).value, "EBADF");
  const waiting = context.run("process.stdin.resume(); await new Promise(() => {})", { timeoutMs: 60_000 });
  await until(async () => (await client.json("POST", `${context.path}/interrupt`)).interrupted, "it is interrupted");
  assertEquals((await waiting).outcome, { kind: "cancelled" });
  assertEquals((await context.run("2")).value, 2);
});

Deno.test("what a cell throws after it was ended is told, and what the program handles itself is not", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  const waiting = "await new Promise((done) => { globalThis.go = done; Deno.writeTextFileSync('waits', '') })";
  const ended = context.run(`${waiting}; throw new Error('late')`, { timeoutMs: 60_000 });
  const waits = async () => await client.status("GET", `/v1/sessions/${session.id}/files/waits`) === 200;
  await until(waits, "the cell waits");
  assertEquals((await client.json("POST", `${context.path}/interrupt`)).interrupted, true);
  const late = await ended;
  assertEquals([late.outcome.kind, late.stderr], ["cancelled", ""]);
  const wait = "await new Promise((done) => setTimeout(done, 50))";
  const next = await context.run(`go(); ${wait}`);
  assertMatch(next.stderr, /^Uncaught Error: late\n {4}at .*cell_1:1:/);
  const handled = await context.run(
    `addEventListener("unhandledrejection", (e) => { if (e.reason === "mine") e.preventDefault() });
     Promise.reject("mine"); Promise.reject("other"); ${wait}`,
  );
  assertEquals(handled.stderr, "Uncaught other\n");
  const inNode = await context.run(`process.on("unhandledRejection", console.log); Promise.reject("node's"); ${wait}`);
  assertEquals([inNode.stdout.startsWith("node's"), inNode.stderr], [true, ""]);
});

Deno.test("a cell that waits, or spins before it has waited, is ended with its state kept; any other takes the context along", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "javascript" });
  const context = await OpenContext.open(client, session.id);
  const timedOut = { kind: "timed_out", limitMs: 300 } as const;
  assertEquals((await context.run("globalThis.n = 1")).value, 1);
  for (const code of ["while (true);", "await new Promise(() => {})"]) {
    assertEquals([code, (await context.run(code, { timeoutMs: 300 })).outcome], [code, timedOut]);
  }
  assertEquals((await context.run("for (let i = 0; i < 100; i++) new Array(1e5).fill({}); n")).value, 1);
  const waiting = context.run("n++; Deno.writeTextFileSync('waits', ''); await new Promise(() => {})", {
    timeoutMs: 60_000,
  });
  await until(
    async () => await client.status("GET", `/v1/sessions/${session.id}/files/waits`) === 200,
    "the cell waits",
  );
  assertEquals((await client.json("POST", `${context.path}/interrupt`)).interrupted, true);
  assertEquals((await waiting).outcome, { kind: "cancelled" });
  assertEquals((await context.run("n")).value, 2);
  const lost = await context.run("await 1; while (true);", { timeoutMs: 2_000 }); // It has begun by then.
  assertEquals([lost.outcome, lost.contextLost], [{ kind: "timed_out", limitMs: 2_000 }, true]);
  const after = await client.json("POST", `${context.path}/executions`, { code: "n" });
  assertEquals([after.status, after.code], [409, "conflict"]);
});

Deno.test("a context ends with its process, and says so", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript", limits: { memoryMb: 128 } });
  const run = async (code: string, options = {}) => {
    const context = await OpenContext.open(client, session.id);
    const { contextLost, outcome, stdout } = await context.run(code, options);
    return { contextLost, kind: outcome.kind, stdout };
  };
  assertEquals(await run("console.log('bye'); Deno.exit(3)"), { contextLost: true, kind: "exited", stdout: "bye\n" });
  assertEquals(await run("const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()))"), {
    contextLost: true,
    kind: "memory_limit",
    stdout: "",
  });
  const flood = await run("for (;;) console.log('x'.repeat(1e4))", {
    limits: { maxTotalOutputBytes: 1_000_000, maxOutputBytes: 10 },
  });
  assertEquals([flood.contextLost, flood.kind, flood.stdout.length], [true, "output_limit", 10]);
  assertEquals((await run("await 1; for (;;);", { limits: { cpuMs: 100 } })).kind, "cpu_limit");
});

Deno.test("what a context's own program says in the interpreter's words ends its own cell at most", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "javascript" });
  const context = await OpenContext.open(client, session.id);
  const bytes = "[0, 7, 2, 120, 10, 0xe2, 0x82]";
  const forged = await context.run(`Deno.stdout.writeSync(new Uint8Array(${bytes})); 5`);
  assertEquals([forged.value, forged.stdout], [5, "\0\x07\x02x\n�"]);
  assertEquals((await context.run("JSON.stringify = () => '{'; 5")).contextLost, undefined);
  const deaf = await context.run("Deno.stdout.close(); 1");
  assertEquals([deaf.contextLost, deaf.outcome.kind], [true, "exited"]);
});

Deno.test("what happens between two cells comes with the next, and a rejection that nobody handles ends nothing", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  await context.run("setTimeout(() => { console.log('between'); Promise.reject(new Error('unhandled')); })");
  const next = await context.run("await new Promise((resolve) => setTimeout(resolve, 50)); 6");
  assertEquals([next.value, next.stdout], [6, "between\n"]);
  assertMatch(next.stderr, /^Uncaught Error: unhandled\n {4}at .*cell_1:1:/);
});

Deno.test("a cell is an execution like any other: in turn, asynchronous, cancelled, repeated, and told what was refused", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id, { language: "js" });
  await context.run("globalThis.order = []");
  const push = (n: number) => context.run(`order.push(${n}); await new Promise((done) => setTimeout(done, 5)); order`);
  const answers = await Promise.all([1, 2, 3].map(push));
  const lengths = answers.map(({ value }) => Array.isArray(value) ? value.length : value);
  assertEquals(lengths.toSorted(), [1, 2, 3], "each saw those alone that had their turn before");

  const waiting = { code: "console.log('begun'); await new Promise(() => {})", timeoutMs: 60_000 };
  const { id } = await client.json("POST", `${context.path}/executions`, waiting, { prefer: "respond-async" });
  const report = () => client.json("GET", `/v1/executions/${id}`);
  await until(async () => (await report()).stdout === "begun\n", "the cell waits");
  assertEquals((await client.json("POST", `/v1/executions/${id}/stdin`, { text: "x" })).code, "conflict");
  assertEquals(await client.status("DELETE", `/v1/executions/${id}`), 204);
  await until(async () => (await report()).outcome?.kind === "cancelled", "the cell is cancelled");

  const once = () =>
    client.json("POST", `${context.path}/executions`, { code: "order.push(4)" }, { "idempotency-key": "once" });
  const [first, again] = [await once(), await once()];
  assertEquals([first.value, again.id], [4, first.id]);

  const lost = await OpenContext.open(client, session.id, { language: "js" });
  const leave = () =>
    client.json("POST", `${lost.path}/executions`, { code: "Deno.exit(3)" }, { "idempotency-key": "last" });
  const left = await leave();
  assertEquals([left.exitCode, (await client.json("POST", `${lost.path}/executions`, { code: "1" })).code], [
    3,
    "conflict",
  ]);
  assertEquals((await leave()).id, left.id);

  const refused = await context.run(
    "for (const at of [1, 2]) {\n  try { Deno.readTextFileSync('/etc/shadow') } catch {}\n}",
  );
  assertEquals(refused.denials.map(({ at, target }) => [at, target]), [["cell_7:2:14", "/etc/shadow"]]);
  for (const code of ["import x from 'https://example.com/x.ts'", "await import('https://example.com/y.ts')"]) {
    const { cell, denials } = await context.run(code);
    assertEquals(denials.map(({ at, kind, target }) => [at?.split(":")[0], kind, target]), [
      [cell, "import", "example.com:443"],
    ]);
  }
  assertEquals([(await context.run("1")).denials, first.language, first.contextId], [[], "javascript", context.id]);
  for (const refusal of ["Deno.hostname()", "new (await import('node:inspector')).Session().connect()"]) {
    assertMatch((await context.run(refusal)).stderr, /NotCapable: Requires sys access/);
  }
  const { executionCount } = await client.json("GET", `/v1/sessions/${session.id}`);
  assertEquals(executionCount, 13);
});

Deno.test("a context is used over JSON-RPC while others are over HTTP, and told of as it prints", async () => {
  await using service = shared.borrow();
  const client = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
  await client.call("initialize", { capabilities: { streaming: true } });
  const { sessionId } = (await client.call("session.create", { language: "typescript" })).result;
  const { contextId } = (await client.call("context.create", { sessionId })).result;
  const where = { sessionId, contextId };
  await client.call("context.execute", { ...where, code: "const x: number = 40" });
  const answer = (await client.call("context.execute", { ...where, code: "console.log('out'); x + 2" })).result;
  assertEquals([answer.value, answer.stdout], [42, "out\n"]);
  assertEquals(client.notifications.map(({ method }) => method).slice(-3), [
    "execution.started",
    "execution.output",
    "execution.completed",
  ]);
  const waiting = client.call("context.execute", { ...where, code: "await new Promise(() => {})", timeoutMs: 60_000 });
  await until(
    async () => (await client.call("context.interrupt", where)).result.interrupted,
    "the cell is interrupted",
  );
  assertEquals((await waiting).result.outcome, { kind: "cancelled" });
  assertEquals((await client.call("context.close", where)).result, { contextId, closed: true });
  assertEquals((await client.call("context.execute", { ...where, code: "1" })).error?.code, -32004);
  await client.close();
});

Deno.test("a client that goes away interrupts its cell, and a session that closes ends its contexts", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const session = await client.openSession({ language: "javascript" });
  const context = await OpenContext.open(client, session.id);
  const leaving = new AbortController();
  const response = await documentedFetch(`${service.url}${context.path}/executions`, {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body: JSON.stringify({
      code: "globalThis.kept = 7; console.log('here'); await new Promise(() => {})",
      timeoutMs: 60_000,
    }),
    signal: leaving.signal,
  });
  const events = serverEvents(response.body ?? new ReadableStream());
  assertEquals((await nextEvent(events)).event, "started");
  assertEquals((await nextEvent(events)).data, { text: "here\n" });
  leaving.abort();
  assertEquals((await context.run("kept")).value, 7);
  const waiting = context.run("await new Promise(() => {})", { timeoutMs: 60_000 });
  await until(async () => (await client.json("GET", `/v1/sessions/${session.id}`)).state === "active", "the cell runs");
  assertEquals(await client.status("DELETE", `/v1/sessions/${session.id}`), 204);
  assertEquals((await waiting).outcome, { kind: "interrupted", reason: "the session ends: closed_by_owner" });
});

Deno.test("contexts are their tenant's, and so many", async () => {
  const home = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(home, { recursive: true }));
  const [aliceKey, malloryKey] = [await createKey(home, "alice"), await createKey(home, "mallory")];
  await using service = await openService({ home });
  const [alice, mallory] = [new ApiClient(service, aliceKey), new ApiClient(service, malloryKey)];
  const [{ id }, own] = [
    await alice.openSession({ language: "javascript" }),
    await mallory.openSession({ language: "javascript" }),
  ];
  const context = await OpenContext.open(alice, id);
  await context.run("const secret = 1");
  const guessed = `/v1/sessions/${own.id}/contexts/${context.id}`;
  for (const path of [context.path, guessed]) {
    assertEquals((await mallory.json("POST", `${path}/executions`, { code: "secret" })).status, 404);
    assertEquals((await mallory.json("POST", `${path}/interrupt`)).status, 404);
    assertEquals((await mallory.json("DELETE", path)).status, 404);
  }
  assertEquals((await mallory.json("POST", `/v1/sessions/${id}/contexts`, {})).status, 404);
  for (let more = 1; more < 8; more++) await OpenContext.open(alice, id);
  assertEquals((await alice.json("POST", `/v1/sessions/${id}/contexts`, {})).code, "busy");
  assertEquals((await alice.json("POST", `/v1/sessions/${id}/contexts`, { language: "cobol" })).status, 429);
  assertEquals(await alice.status("DELETE", context.path), 204);
  assertEquals(
    (await alice.json("POST", `/v1/sessions/${id}/contexts`, { language: "python" })).code,
    "unsupported_language",
  );
});

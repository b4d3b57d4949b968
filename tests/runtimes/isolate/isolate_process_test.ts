import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { delay } from "../../../src/concurrency/delay.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import { NeedAnalyser } from "../../../src/needs/mod.ts";
import { deno as denoEntry } from "../../../src/runtimes/deno/entry.ts";
import { isolate as isolateEntry } from "../../../src/runtimes/isolate/entry.ts";
import type { RuntimeHost } from "../../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../../src/runtimes/selection/selector.ts";
import { testedAvailability } from "../../support/requirements.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isIsolatePresent, type OpenIsolate, openIsolate } from "../../support/open_isolate.ts";
import { runtimeOf } from "../../support/runtime_of.ts";
import { until } from "../../support/until.ts";

const isPresent = await isIsolatePresent();

/** Registers a test of the runtime, which is opened for it: a slot of a tenant is kept for its next program. */
function testIsolate(name: string, test: (isolate: OpenIsolate) => Promise<void>): void {
  Deno.test({
    name: `[isolate] ${name}`,
    ignore: !isPresent,
    async fn() {
      await using isolate = await openIsolate();
      await test(isolate);
    },
  });
}

/** What programs print, by their text. */
const PRINTED: Readonly<Record<string, string>> = {
  // The console: in the way of Node, without colours.
  "console.log({ a: [1, 'b', { c: { d: 1 } }] }, new Map([['k', new Set([1n])]]), [,1], -0, null, Symbol('s'))":
    "{ a: [ 1, 'b', { c: [Object] } ] } Map(1) { 'k' => Set(1) { 1n } } [ <1 empty item>, 1 ] -0 null Symbol(s)\n",
  "const o = { f() {}, get g() { return 1 }, 'a-b': class A {}, e: /x/g, d: new Date(0) }; o.self = o; console.log(o)":
    [
      "<ref *1> {",
      "  f: [Function: f],",
      "  g: [Getter],",
      "  'a-b': [class A],",
      "  e: /x/g,",
      "  d: 1970-01-01T00:00:00.000Z,",
      "  self: [Circular *1]",
      "}\n",
    ].join("\n"),
  "console.log(Array.from({ length: 102 }, (_, n) => n).slice(94), 'x'.repeat(3), new Uint8Array(2), new (class Own { x = 1 })())":
    "[\n  94, 95,  96,  97,\n  98, 99, 100, 101\n] xxx Uint8Array(2) [ 0, 0 ] Own { x: 1 }\n",
  "console.log(new Uint8Array(2e7)); console.log(Array.from({ length: 102 }, (_, n) => n < 101 ? n : 'x'))": [
    "Uint8Array(20000000) [",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,",
    "  0, 0, 0, 0,",
    "  ... 19999900 more items",
    "]",
    "[",
    "   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,",
    "  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,",
    "  24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,",
    "  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,",
    "  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,",
    "  60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,",
    "  72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,",
    "  84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,",
    "  96, 97, 98, 99,",
    "  ... 2 more items",
    "]",
    "",
  ].join("\n"),
  "console.log('%s is %d%% of %j', 'x', 4.5, { a: 1 }, 'rest'); console.group('G'); console.log('a\\nb'); console.groupEnd(); console.count()":
    'x is 4.5% of {"a":1} rest\nG\n  a\n  b\ndefault: 1\n',
  "console.log([[[[]]]], [[[{}]]], [[[[1]]]], ['\\u0000\\x1b', '\\\\u0000']); console.log('%s %s %s %d', [[1]], { toString: () => 'own' }, -0, '-0')":
    "[ [ [ [] ] ] ] [ [ [ {} ] ] ] [ [ [ [Array] ] ] ] [ '\\x00\\x1B', '\\\\u0000' ]\n[ [Array] ] own -0 -0\n",
  "console.table([{ a: 1 }, { b: 'x' }])": [
    "┌─────────┬───┬─────┐",
    "│ (index) │ a │ b   │",
    "├─────────┼───┼─────┤",
    "│ 0       │ 1 │     │",
    "│ 1       │   │ 'x' │",
    "└─────────┴───┴─────┘\n",
  ].join("\n"),
  "console.log([new Error('z', { cause: new AggregateError([5], 'a') })])": [
    "[",
    "  Error: z",
    "      at file:///workspace/main.js:1:14 {",
    "    [cause]: AggregateError: a",
    "        at file:///workspace/main.js:1:38 {",
    "      [errors]: [Array]",
    "    }",
    "  }",
    "]\n",
  ].join("\n"),
  // What a program puts in place of a global is its own: the other globals do not use it.
  "for (const name of ['TextDecoder', 'TextEncoder', 'ReadableStream', 'setTimeout', 'SharedArrayBuffer', 'encodeURIComponent', 'performance']) globalThis[name] = undefined; console.log(new URLSearchParams('c=%41%zzé').get('c'), `${new URLSearchParams({ a: 'ä' })}`, await new Blob(['b']).text(), { c: 1 }); for await (const d of new Blob(['d']).stream()) console.log(d); const s = AbortSignal.timeout(1); await new Promise((done) => s.onabort = done); console.log(s.reason.name)":
    "A%zzé a=%C3%A4 b { c: 1 }\nUint8Array(1) [ 100 ]\nTimeoutError\n",
  // Globals that are loaded at their first use are as any other.
  "Object.defineProperty(Object.prototype, 'ReadableStream', { set() {} }); console.log(new ReadableStream().locked)":
    "false\n",
  "const o = Object.create(globalThis); o.URL = 5; console.log(o.URL, Object.keys(o), typeof URL); btoa = 7; console.log(btoa, Object.keys(globalThis))":
    "5 [ 'URL' ] function\n7 []\n",
  "Object.defineProperty(globalThis, 'File', { enumerable: true }); File; Blob; console.log(Object.keys(globalThis)); const all = Object.getOwnPropertyDescriptors(globalThis); Event = 1; console.log(typeof Object.defineProperties({}, all).Event, Event)":
    "[ 'File' ]\nfunction 1\n",
  "Object.freeze(globalThis); try { atob = 1; } catch (error) { console.log(error.name, atob('YQ==')); }":
    "TypeError a\n",
  "const u = new URL('http://a/'); try { u.href = 'no'; } catch ({ code, input, name }) { console.log(name, code, input, u.href); }":
    "TypeError ERR_INVALID_URL no http://a/\n",
  // Timers and microtasks, in their order.
  "setTimeout(() => console.log(3), 200); setTimeout(() => console.log(2), 0); queueMicrotask(() => console.log(1)); let n = 0; const id = setInterval(() => { if (++n === 3) { clearInterval(id); console.log('i'); } }, 200); clearTimeout(setTimeout(() => console.log('never'), 1)); setTimeout((a, b) => console.log(a, b), 400, 'x', 4)":
    "1\n2\n3\nx 4\ni\n",
  // URL and its parameters.
  "const u = new URL('../b?x=1#h', 'https://u:p@example.com:8080/a/c'); u.searchParams.append('y', 'ä &'); u.hash = ''; u.port = '443'; console.log(u.href, u.origin, [...u.searchParams].join(';')); u.search = '?q=%20+'; console.log(u.searchParams.get('q') === '  ', URL.canParse('no'), String(new URLSearchParams([['a', '1 2'], ['a', '3']])))":
    "https://u:p@example.com:443/b?x=1&y=%C3%A4+%26 https://example.com:443 x,1;y,ä &\ntrue false a=1+2&a=3\n"
      .replaceAll(":443", ""),
  // Bytes and text.
  "const bytes = new TextEncoder().encode('aä€😀\\ud800'); console.log(bytes.length, new TextDecoder().decode(bytes)); const d = new TextDecoder(); console.log(d.decode(bytes.subarray(0, 2), { stream: true }) + d.decode(bytes.subarray(2)), new TextDecoder().decode(new Uint8Array([0xff, 0xe2, 0x82, 65])))":
    "13 aä€😀\ufffd\naä€😀\ufffd \ufffd\ufffdA\n",
  "try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])) } catch (e) { console.log(e.name) } console.log(btoa('héllo'), atob('aGk='), (() => { try { btoa('€') } catch (e) { return e.name } })())":
    "TypeError\naOlsbG8= hi InvalidCharacterError\n",
  // Clones, events, signals, blobs, streams, random values.
  "const source = { m: new Map([[1, new Date(5)]]), e: new TypeError('x') }; source.self = source; const copy = structuredClone(source); console.log(copy !== source, copy.self === copy, copy.m.get(1).getTime(), copy.e instanceof TypeError); try { structuredClone(() => {}) } catch (e) { console.log(e instanceof DOMException, e.name, e.code) }":
    "true true 5 true\ntrue DataCloneError 25\n",
  "const source = { get n() { return 1 }, list: [, { get m() { return 2 } }], map: new Map([[{ get k() { return 3 } }, new Set([new Date(4)])]]), '__proto__': null, ['__proto__']: 5 }; source.self = source; const copy = structuredClone(source); const [[key, set]] = copy.map; console.log(JSON.stringify([copy.n, 0 in copy.list, copy.list[1].m, key.k, [...set][0].getTime(), Object.keys(copy)]), copy.self === copy); try { structuredClone({ get n() { throw 6 } }) } catch (error) { console.log(error) } try { structuredClone({ get f() { return () => {} } }) } catch (error) { console.log(error.name) } const bytes = new Uint8Array(3); console.log(structuredClone({ get bytes() { return bytes } }, { transfer: [bytes.buffer] }).bytes.length, bytes.length)":
    '[1,false,2,3,4,["n","list","map","__proto__","self"]] true\n6\nDataCloneError\n3 0\n',
  "const nameOf = (f) => { try { return JSON.stringify(f()) ?? 'undefined' } catch (error) { return error.name } }; class Tagged { get [Symbol.toStringTag]() { return 'Tagged' } constructor() { Object.defineProperty(this, 'n', { enumerable: true, get: () => 1 }) } } const getter = { get n() { return 1 } }; console.log([() => structuredClone(new Proxy({ n: 1 }, {})), () => structuredClone(new Tagged()), () => structuredClone({ [Symbol.toStringTag]: 'Own', get n() { return 3 } }), () => structuredClone({ getter, other: Promise.resolve() }), () => structuredClone({ getter, other: new WeakMap() }), () => structuredClone({ getter, other: (async function* () {})() }), () => structuredClone({ getter, other: new Intl.NumberFormat() }), () => structuredClone(5, null), () => structuredClone(5, 1), () => structuredClone(undefined), () => structuredClone()].map(nameOf).join())":
    'DataCloneError,{"n":1},{"n":3},DataCloneError,DataCloneError,DataCloneError,DataCloneError,5,TypeError,undefined,TypeError\n',
  "const t = new EventTarget(); t.addEventListener('x', (e) => { e.preventDefault(); console.log(e.type, e.detail, e.target === t) }, { once: true }); console.log(t.dispatchEvent(new CustomEvent('x', { detail: 5, cancelable: true })), t.dispatchEvent(new Event('x'))); const c = new AbortController(); AbortSignal.any([c.signal]).onabort = function () { console.log(this.reason.name) }; c.abort(); await new Promise((r) => AbortSignal.timeout(1).addEventListener('abort', r)); console.log('timeout')":
    "x 5 true\nfalse true\nAbortError\ntimeout\n",
  "const e = new Event('x', { cancelable: true }), t = new EventTarget(); let n = 0; t.addEventListener('x', () => { e.stopImmediatePropagation(); e.returnValue = false; n++ }); t.addEventListener('x', () => n += 10); t.dispatchEvent(e); t.dispatchEvent(e); e.cancelBubble = true; console.log(n, e.defaultPrevented, e.cancelBubble, e.NONE, new Event('y').cancelBubble)":
    "2 true true 0 false\n",
  "try { atob('*') } catch (e) { console.log(e.message, e.code, e.INVALID_CHARACTER_ERR) } const { code } = new DOMException('', 'SecurityError'); console.log(code, DOMException.ABORT_ERR, Object.keys(DOMException).length, Object.keys(DOMException)[1], new DOMException('', 'toString').code, AbortSignal.abort().reason.message)":
    "Failed to decode base64 5 5\n18 20 25 DOMSTRING_SIZE_ERR 0 The signal has been aborted\n",
  // A timer is an object, as it is for others.
  "const id = setTimeout(() => console.log('never'), 1); clearTimeout(+id); setInterval(() => {}, 1e6).unref(); setTimeout(() => {}, 1e6).close(); console.log(id > 0, id.hasRef(), `${setTimeout(() => {}, 1)}`, setTimeout(() => {}, 1).unref().hasRef())":
    "true true 4 false\n",
  // Thousands of them, of few delays, some of which begin again.
  "let n = 0; const again = setInterval(() => { if (++n === 3) again.close(); }, 1); await Promise.all(Array.from({ length: 5_000 }, (_, at) => new Promise((r) => setTimeout(r, at % 5)))); setTimeout(() => console.log(n, 'all'), 400).refresh()":
    "3 all\n",
  // A signal that nothing listens to keeps no program, nor does it end one at its deadline.
  "AbortSignal.timeout(1e6); setTimeout(() => console.log(1), 1); for (const t = performance.now(); performance.now() - t < 2;); setTimeout(() => console.log(2), 0)":
    "1\n2\n",
  "console.log('x'.repeat(2 ** 16 - 1) + '😀' + 'y'.repeat(2 ** 16))": `${"x".repeat(2 ** 16 - 1)}😀${
    "y".repeat(2 ** 16)
  }\n`,
  "const b = new Blob(['ab', new Uint8Array([99])], { type: 'Text/Plain' }); console.log(b.size, b.type, await b.text(), await b.slice(1, -1).text()); const upper = new TransformStream({ transform(c, k) { k.enqueue(c.length) } }); for await (const n of b.stream().pipeThrough(upper)) console.log(n)":
    "3 text/plain abc b\n3\n",
  "console.log(crypto.randomUUID().length, crypto.getRandomValues(new Uint32Array(2)).length, crypto.randomUUID() !== crypto.randomUUID(), performance.now() >= 0, self === globalThis)":
    "36 2 true true true\n",
  // Nothing else is there.
  "console.log(typeof process, typeof require, typeof Deno, typeof fetch, typeof Worker, Object.keys(globalThis).length)":
    "undefined undefined undefined undefined undefined 0\n",
};

testIsolate("programs find ECMAScript and the Web APIs of the prelude", async ({ run }) => {
  for (const [code, expected] of Object.entries(PRINTED)) {
    const { outcome, stderr, stdout } = await run({ files: { "main.js": code }, tenant: "reader" });
    assertEquals([stdout, stderr, outcome], [expected, "", { kind: "exited", exitCode: 0 }], code);
  }
});

testIsolate(
  "a program is several files, with types and JSON, and errors name the user's own lines",
  async ({ run }) => {
    const { stderr, stdout } = await run({
      files: {
        "main.ts":
          'import { twice, type Pair } from "./lib/twice.ts";\nimport data from "./data.json" with { type: "json" };\n\n' +
          "const pair: Pair = [twice(data.n), await Promise.resolve(2)];\nconsole.log(pair.join());\nthrow new Error(`in ${pair satisfies Pair}`);",
        "lib/twice.ts":
          'import { factor } from "../factor.mjs";\nexport type Pair = [number, number];\nexport function twice(n: number): number {\n  return n * factor;\n}',
        "factor.mjs": "export const factor = 2;",
        "data.json": '{ "n": 21 }',
      },
    });
    assertEquals(stdout, "42,2\n");
    assertEquals(stderr, "error: Uncaught Error: in 42,2\n    at file:///workspace/main.ts:6:7\n");
  },
);

/** TypeScript with syntax that makes code, whose types cannot only be erased. */
const COMPILED = `enum Size { Small = 1, Large = Small << 2 }
const enum Name { A = "a", B = \`\${A}b\` }
declare enum Absent { C }
abstract class Base { constructor(protected readonly size = Size.Small) {} }
class Own extends Base {
  twice = 2 * this.name.length;
  constructor(public name: string, size?: Size, private readonly last = Name.B) { super(size); }
  text(): string { return [this.name, this.size, this.last, this.twice, Size[this.size]].join(); }
}
console.log(new Own("x", Size.Large).text(), Object.keys(new Own("y")).join());
`;

/** Enums that are changed, and read before they are there: they are objects, and their members no constants. */
const CHANGED = `function early(): string {
  try { return String(Late.A); } catch { return "early"; }
}
console.log(early());
enum Late { A, B, C = 3 }
const late: any = Late;
late.A = 5;
delete late.B;
((one: any) => { one.C = 4; })(Late);
console.log(\`\${Late.A} \${Late.B} \${Late.C} \${Late[0]}\`);
`;

testIsolate(
  "TypeScript that makes code is compiled as on what has the whole language, and errors name the user's own lines",
  async ({ host, run }) => {
    const expected = "x,4,ab,2,Large size,name,last,twice\n";
    await using deno = runtimeOf(denoEntry, host);
    for (const [text, output] of [[COMPILED, expected], [CHANGED, "early\n5 undefined 4 A\n"]] as const) {
      const { stderr, stdout } = await run({ files: { "main.ts": text }, tenant: "reader" });
      assertEquals([stdout, stderr], [output, ""]);
      await using environment = await deno.createEnvironment(configureEnvironment("typescript"));
      await environment.files.write("main.ts", new TextEncoder().encode(text));
      const program = { kind: "file", path: "main.ts", args: [] } as const;
      assertEquals((await runProgram(environment, program, { limits: DEFAULT_LIMITS })).stdout, output);
    }
    const failing = `${COMPILED}namespace Inner { export const limit: number = 3; }
function fail(limit: number): never {
  // Behind a comment.
  throw new RangeError(\`\${limit satisfies number}\`);
}
try { fail(1); } catch (error) { console.log((error as Error).stack); }
setTimeout(() => { fail(Inner.limit); }, 1);`;
    const failed = await run({ files: { "main.ts": 'import "./lib/failing.ts?2";', "lib/failing.ts": failing } });
    const at = (line: number, column: number) => `file:///workspace/lib/failing.ts?2:${line}:${column}`;
    const caught = `RangeError: 1\n    at fail (${at(14, 9)})\n    at ${at(16, 7)}\n`;
    assertEquals(failed.stdout, expected + caught);
    assertEquals(failed.stderr, `error: Uncaught RangeError: 3\n    at fail (${at(14, 9)})\n    at ${at(17, 20)}\n`);
  },
);

testIsolate(
  "a slot that waits for a program loads the compiler of TypeScript, so that no program does",
  async ({ run }) => {
    let round = 0;
    await until(async () => {
      const tenant = `${round++}`;
      await run({ files: { "main.ts": "1" }, tenant });
      await delay(round * 300);
      const { usage } = await run({ files: { "main.ts": "let a: number = 1;" }, tenant });
      return usage.peakMemoryBytes !== null && usage.peakMemoryBytes < 8 * MEBIBYTE; // The compiler takes 12 MB.
    }, "a slot has loaded the compiler");
  },
);

testIsolate("the check of a runtime leaves warm environments to requests", async ({ host }) => {
  const [leased, warmed]: [string[], string[]] = [[], []];
  const pool: RuntimeHost["pool"] = {
    count() {},
    lease: (kind) => Promise.resolve(void leased.push(kind)),
    onEvictAll: () => ({ [Symbol.dispose]() {} }),
    schedule() {},
    warmUp: (kind) => void warmed.push(kind),
  };
  const selfTestResults = { has: () => Promise.resolve(true), add: () => Promise.resolve() };
  for (const entry of [denoEntry, isolateEntry]) {
    await using runtime = runtimeOf(entry, { ...host, pool, selfTestResults });
    assertEquals(await runtime.isAvailable(), { available: true });
  }
  assertEquals([leased, warmed.length], [[], 3]); // Deno has two languages.
});

testIsolate("a text that breaks the compiler of TypeScript breaks no program after it", async ({ run }) => {
  const deep = `let x: number = ${"(".repeat(20_000)}${")".repeat(20_000)};`;
  const { outcome, stderr } = await run({ files: { "main.ts": deep }, tenant: "deep" });
  const next = await run({ files: { "main.ts": "const x: number = 1; console.log(x);" }, tenant: "deep" });
  assertEquals([outcome.kind, next.stdout], ["exited", "1\n"]);
  assertStringIncludes(stderr, "nested too deeply for TypeScript\n    at file:///workspace/main.ts\n");
});

testIsolate(
  "globals that are loaded at their first use are the program's own to change before it, and work after it changed others",
  async ({ run }) => {
    const { stderr, stdout } = await run({
      files: {
        "main.js": `globalThis.Event = 1;
console.log(new AbortController().signal.aborted, Event, Object.getOwnPropertyDescriptor(globalThis, "Event").enumerable);
delete globalThis.Blob;
console.log(typeof Blob, new File(["a"], "b").size);
Map = Object = undefined;
console.log(new URL("a:b?c=d").searchParams.get("c"), URL === URL);
Reflect.ownKeys(globalThis).forEach((name) => Reflect.defineProperty(globalThis, name, { configurable: false }));
Reflect.preventExtensions(globalThis);
console.log(btoa("a"), new TextDecoder() instanceof TextDecoder, ReadableStream === ReadableStream);
`,
      },
    });
    assertEquals([stdout, stderr], ["false 1 false\nundefined 1\nd true\nYQ== true true\n", ""]);
  },
);

testIsolate(
  "a text that is JavaScript too has its meaning in TypeScript, and types are found wherever they are",
  async ({ run }) => {
    for (
      const [text, expected] of [
        ["const [f, T] = [(x = 0) => x, 1];\nconsole.log(f<T>(2));", "2\n"],
        ["class A {\n  b!: 1;\n}\nconsole.log(`${Object.keys(new A())}`);", "b\n"],
        ["const a = { b: 1 }!;\nconsole.log(a.b);", "1\n"],
        ["const global = 3;\nconsole.log(global);", "3\n"],
        ["var global;\nglobal /* a */\n{ console.log('a'); }\nconsole.log('b');", "b\n"],
        ["const one = function (this: unknown) { return 4; };\nconsole.log(one.call(0));", "4\n"],
      ] as const
    ) {
      const { stderr, stdout } = await run({ files: { "main.ts": text }, tenant: "reader" });
      assertEquals([stdout, stderr], [expected, ""], text);
    }
  },
);

testIsolate(
  "import() gives a file of the program when it is called, once, and rejects where it fails",
  async ({ run }) => {
    const { outcome, stderr, stdout } = await run({
      files: {
        "main.ts": `enum Own { A }
const lib = await import("./lib/lib.ts");
console.log(lib.count, lib.default(), lib.count, lib === await import("./lib/../lib/lib.ts"), Own.A);
const own = { import: (text: string) => text };
console.log(own.import("a method"), \`\${"import('a text')"}\`, (await import("./data.json")).default.n);
const tries = [() => import("./lib/bad.js"), () => import("./lib/bad.js"), () => import("./none.js")];
for (const one of [...tries, () => import("./wrong.js"), () => import("./thrown.js"), () => import("node:fs")]) {
  await one().catch((error) => console.log(String(error)));
}
const error = await import("./lib/bad.js").catch((error) => error);
console.log(error instanceof RangeError, error.cause, error.stack);
import("./late.js").then(({ late }) => console.log(late));
console.log("main is over");
`,
        "lib/lib.ts":
          'enum Step { Wide = 41 }\nexport let count = 0;\nexport default (): number => (count += Step.Wide);\nconsole.log("lib runs");',
        "lib/bad.js": "await null;\n  throw new RangeError('bad', { cause: new Map() });",
        "wrong.js": "let x = ;",
        "thrown.js": "throw 42;",
        "data.json": '{ "n": 7 }',
        "late.js": "await new Promise((resolve) => setTimeout(resolve, 5)); export const late = 'late';",
      },
    });
    const missing = (name: string) =>
      `Error: Cannot find module "${name}": only files of the workspace that the program names are imported here`;
    assertEquals(stdout.split("\n"), [
      "lib runs",
      "0 41 41 true 0",
      "a method import('a text') 7",
      ...["RangeError: bad", "RangeError: bad", missing("./none.js"), "SyntaxError: Unexpected token ';'", "42"],
      missing("node:fs"),
      "true Map(0) {} RangeError: bad",
      "    at file:///workspace/lib/bad.js:2:9",
      ...["main is over", "late", ""],
    ]);
    assertEquals([outcome, stderr], [{ kind: "exited", exitCode: 0 }, ""]);
    const uncaught = await run({
      files: { "main.js": 'setTimeout(() => import("./bad.js"), 1);', "bad.js": "null.x;" },
    });
    assertStringIncludes(uncaught.stderr, "error: Uncaught TypeError: ");
    assertStringIncludes(uncaught.stderr, "\n    at file:///workspace/bad.js:1:6\n");
    // An error of the program is not taken for that of a file that it imports.
    const code =
      'import("./never.js").catch(() => console.log("no")); setTimeout(() => { throw new Error("own"); }, 1);';
    const other = await run({ files: { "main.js": code, "never.js": "await new Promise(() => {});" } });
    assertEquals([other.stdout, other.exitCode], ["", 1]);
    assertStringIncludes(other.stderr, "error: Uncaught Error: own\n");
  },
);

testIsolate("a file is another module with another query, and may have types in any file of them", async ({ run }) => {
  const { stderr, stdout } = await run({
    files: {
      "main.tsx":
        'import one from "./once.TS?1"; import other from "./once.TS?2"; import same from "./once.TS?1"; const all: object[] = [one, other, same]; console.log(all[0] === all[1], all[0] === all[2]);',
      "once.TS": "const own: object = {}; export default own;",
    },
  });
  assertEquals([stdout, stderr], ["false true\n", ""]);
});

/** Programs whose linking fails, and the place of the import. Without one, several files may be meant. */
const UNLINKED: readonly [files: Readonly<Record<string, string>>, place: string | undefined][] = [
  [{ "main.ts": '// from "./b.ts"\nimport { f } from "./b.ts"; f();' }, "main.ts:2:10"],
  [{ "main.ts": 'import { z } from "./b.ts";\nimport { z as y, "f" as x } from "./b.ts"; x(y, z);' }, "main.ts:2:18"],
  [{ "main.ts": 'import "./a.ts"; String("./b.ts");', "a.ts": 'export { f } from "./b.ts";' }, "a.ts:1:10"],
  [
    { "main.ts": 'enum A { B }\n  import { type T, z, f } from "./b.ts"; const a: T = f(A, z); String(a);' },
    "main.ts:2:23",
  ],
  [{ "main.ts": 'const a: string = "./none.ts";\nimport "./none.ts"; String(a);' }, "main.ts:2:8"],
  [{ "main.ts": 'String("./none.ts");\nawait import("./none.ts");' }, "main.ts:2:14"],
  [{ "main.ts": 'const load = () => import("./none.ts"); await (1 ? load() : import("./none.ts"));' }, undefined],
  [
    {
      "main.ts": 'import { f } from "./c.ts"; import "./lib/a.ts"; f();',
      "c.ts": "export function f() {}",
      "lib/a.ts": 'import { f } from "./c.ts"; f();',
      "lib/c.ts": "export const z = 1;",
    },
    undefined,
  ],
];

testIsolate("an import that cannot be linked has the place of its name or its specifier", async ({ run }) => {
  for (const [files, place] of UNLINKED) {
    const { stderr } = await run({ files: { ...files, "b.ts": "export const z = 1;" }, tenant: "reader" });
    const [said = "", ...places] = stderr.trimEnd().split("\n    at ");
    assertMatch(said, /^error: Uncaught (?:SyntaxError: The requested module|Error: Cannot find module) /);
    assertEquals(places, place === undefined ? [] : [`file:///workspace/${place}`], files["main.ts"]);
  }
});

testIsolate("what cannot run says why on stderr, and exits with 1", async ({ run }) => {
  const said: readonly [code: string, text: string][] = [
    ["let x = ;", "error: Uncaught SyntaxError: Unexpected token ';'\n    at file:///workspace/main.js:1:9\n"],
    [
      "let one;\nimport './none.js';",
      'error: Uncaught Error: Cannot find module "./none.js": only files of the workspace that the program names are imported here\n' +
      "    at file:///workspace/main.js:2:8\n",
    ],
    [
      'import "node:fs";',
      'error: Uncaught Error: Cannot find module "node:fs": only files of the workspace that the program names are imported here\n' +
      "    at file:///workspace/main.js:1:8\n",
    ],
    [
      "let one;\nimport { other } from './main.js';",
      "error: Uncaught SyntaxError: The requested module './main.js' does not provide an export named 'other'\n" +
      "    at file:///workspace/main.js:2:10\n",
    ],
    [
      "import own from './main.js';",
      "error: Uncaught SyntaxError: The requested module './main.js' does not provide an export named 'default'\n" +
      "    at file:///workspace/main.js:1:8\n",
    ],
    ["await new Promise(() => {});", "error: A top-level await is never over, and no timer is left\n"],
    ["Promise.reject(new RangeError('r'));", "error: Uncaught RangeError: r\n    at file:///workspace/main.js:1:16\n"],
    [
      "setTimeout(() => { throw new Error('t'); }, 1);",
      "error: Uncaught Error: t\n    at file:///workspace/main.js:1:26\n",
    ],
    ["throw 42;", "error: Uncaught 42\n"],
    ["throw 42n;", "error: Uncaught 42n\n"],
    ["throw new RangeError();", "error: Uncaught RangeError\n    at file:///workspace/main.js:1:7\n"],
    // V8 collects the promise long before the turn's end.
    [
      "Promise.reject(7); for (let n = 0; n < 2e5; n++) [n].concat(Array(50).fill(n));",
      "error: Uncaught 7\n",
    ],
    ["throw { a: 1 };", "error: Uncaught an object that is no Error\n"],
    [
      "throw new Error('the memory limit of a cache');",
      "error: Uncaught Error: the memory limit of a cache\n    at file:///workspace/main.js:1:7\n",
    ],
  ];
  for (const [code, text] of said) {
    const { exitCode, stderr } = await run({ files: { "main.js": code }, tenant: "reader" });
    assertEquals([exitCode, stderr], [1, text], code);
  }
  const ofTypes: readonly [code: string, text: string][] = [
    [
      "\nlet x: number = ;",
      "error: Uncaught SyntaxError: Expression expected\n    at file:///workspace/main.ts:2:17\n",
    ],
    [
      "let a, b = 1;\na ? b ? (b) /* c */ : d => d : b;",
      "error: Uncaught SyntaxError: Expected ':', got ';'\n    at file:///workspace/main.ts:2:33\n",
    ],
    [
      "enum A { B }\n  let y: number = ;",
      "error: Uncaught SyntaxError: Expression expected\n    at file:///workspace/main.ts:2:19\n",
    ],
    [
      "enum A {\n  B }\n  let y = 1; let y = 2;",
      "error: Uncaught SyntaxError: Identifier 'y' has already been declared\n    at file:///workspace/main.ts:3:18\n",
    ],
  ];
  for (const [code, text] of ofTypes) {
    const { exitCode, stderr } = await run({ files: { "main.ts": code }, tenant: "reader" });
    assertEquals([exitCode, stderr], [1, text], code);
  }
});

/** Programs that end by an error with causes, or one that is made of others. */
const CAUSED: readonly string[] = [
  `const a = new Error("a"), b = new TypeError("ä\\nb", { cause: a });
a.cause = b;
const deep = new RangeError("", { cause: new AggregateError([a, "text"], "inner", { cause: null }) });
function fâil() { throw new AggregateError([b, a, 5, deep, deep], "all", { cause: new Error("c", { cause: a }) }); }
fâil();`,
  `let one = new Error("0");
for (let count = 1; count < 40; count++) one = new Error("n" + count, { cause: one });
console.error(one.stack.length > 0);
one.message = "changed";
Promise.reject(one);`,
  `const all = Array.from({ length: 200 }, (_, at) => new Error(String(at), { cause: { at } }));
throw new AggregateError(all, "many");`,
  "class Own extends Error {\n  get cause() { throw new Error('no'); }\n}\nthrow new Own('own');",
];

testIsolate(
  "an error has its causes and the errors that it is made of in its trace, as in Deno",
  async ({ host, run }) => {
    await using deno = runtimeOf(denoEntry, host);
    for (const code of CAUSED) {
      await using environment = await deno.createEnvironment(configureEnvironment("javascript"));
      await environment.files.write("main.js", new TextEncoder().encode(code));
      const program = { kind: "file", path: "main.js", args: [] } as const;
      const expected = await runProgram(environment, program, { limits: DEFAULT_LIMITS });
      const { stderr } = await run({ files: { "main.js": code }, tenant: "reader" });
      const source = /^.*\n *\^\n/m; // Deno shows the line of the program.
      assertEquals(stderr, expected.stderr.replace("Uncaught (in promise)", "Uncaught").replace(source, ""));
    }
  },
);

testIsolate("an error whose causes cannot be shown has its own trace", async ({ run }) => {
  const code = 'throw Object.defineProperty(new Error("m"), "cause", { get() { for (;;); } });';
  const { outcome, stderr } = await run({ files: { "main.js": code } });
  const expected = "error: Uncaught Error: m\n    at file:///workspace/main.js:1:29\n";
  assertEquals([outcome, stderr], [{ kind: "exited", exitCode: 1 }, expected]);
});

testIsolate(
  "programs of one tenant follow each other in a slot that no other gets, and at level 8 none does",
  async ({ run }) => {
    const files = { "main.js": "console.log(typeof globalThis.left); globalThis.left = Array.prototype.left = 1;" };
    const first = await run({ files, tenant: "one" });
    const second = await run({ files, tenant: "one" });
    const other = await run({ files, tenant: "two" });
    const alone = await run({ files, tenant: "one", minIsolation: 8 });
    const all = [first, second, other, alone];
    assertEquals(all.map(({ stdout }) => stdout), all.map(() => "undefined\n"));
    assertEquals(all.map(({ warm }) => warm), [false, true, false, false]);
  },
);

testIsolate(
  "a program in TypeScript that only computes is selected for it, and any other for what has the whole language",
  async ({ host, run, runtime }) => {
    await using deno = runtimeOf(denoEntry, host);
    await testedAvailability(deno);
    const selector = new RuntimeSelector([deno, runtime], { minIsolation: 7 });
    using analyser = new NeedAnalyser();
    const chosenFor = async (code: string, fields: Record<string, unknown> = {}) => {
      const request = parseExecutionRequest({ language: "typescript", code, ...fields });
      const needs = await analyser.find({
        entrypoint: "main.ts",
        files: [{ path: "main.ts", bytes: new TextEncoder().encode(code) }],
      });
      return (await selector.rank(request, { needs, isPatient: true })).selection;
    };
    const computes = "const n: number = 21; console.log(`${n * 2}`);";
    assertEquals((await chosenFor(computes)).chosen, "isolate");
    assertEquals((await chosenFor(computes, { minIsolation: 8 })).chosen, "deno");
    assertEquals((await chosenFor(computes, { env: { TZ: "Asia/Tokyo" } })).chosen, "deno"); // The time zone of its dates.
    assertEquals((await chosenFor(computes, { args: ["unread"], stdin: "unread" })).chosen, "isolate");
    const { candidates, chosen } = await chosenFor("console.log(Deno.version.deno);");
    const rejection = candidates.find(({ runtime: name }) => name === "isolate")?.rejectedBecause;
    assertEquals([chosen, rejection?.code], ["deno", "missing_capability"]);
    assertStringIncludes(rejection?.detail ?? "", "Deno.version (main.ts:1)");
    // The programs of a session come later.
    const { selection } = await selector.rank(parseExecutionRequest({ language: "typescript", code: computes }));
    const ofSession = selection.candidates.find(({ runtime: name }) => name === "isolate")?.rejectedBecause;
    assertEquals([selection.chosen, ofSession?.code], ["deno", "missing_capability"]);
    assertStringIncludes(ofSession?.detail ?? "", "what the program needs is not known");
    const { outcome, stdout } = await run({ files: { "main.ts": computes }, language: "typescript", tenant: "reader" });
    assertEquals([stdout, outcome], ["42\n", { kind: "exited", exitCode: 0 }]);
  },
);

testIsolate("a program of web is given nothing that it could not see", async ({ runtime }) => {
  const config = configureEnvironment("web");
  const given = { environmentVariables: { A: "b" }, inputs: ["arguments", "stdin"] } as const;
  const { lacks } = await runtime.assess({ ...config, ...given });
  assertEquals(lacks, {
    detail: "its programs have no variables and no arguments and no stdin, and the request has some",
    fields: ["env", "args", "stdin"],
  });
  assertEquals((await runtime.assess(config)).lacks, undefined);
  // A session's programs come later.
  await using environment = await runtime.createEnvironment(config);
  await environment.files.write("main.js", new TextEncoder().encode("console.log(1);"));
  const own: readonly [field: string, args: readonly string[], options: object][] = [
    ["args", ["x"], {}],
    ["env", [], { env: { A: "b" } }],
    ["stdin", [], { stdin: "x" }],
  ];
  const run = (args: readonly string[], options: object) =>
    runProgram(environment, { kind: "file", path: "main.js", args }, { limits: DEFAULT_LIMITS, ...options });
  for (const [field, args, options] of own) {
    const error = await assertRejects(() => run(args, options), CodeBeakerError, `leave out ${field}`);
    assertEquals(error.code, "invalid_request");
  }
  assertEquals((await run([], { stdin: "" })).stdout, "1\n");
  let isUnread = false;
  const stdin = new ReadableStream({ cancel: () => void (isUnread = true) });
  const { denials, stdout } = await run([], { stdin }); // It does not hold the program up, and whoever feeds it is told.
  assertEquals([stdout, denials, isUnread], ["1\n", [], true]);
});

testIsolate("the clock of a program begins with it, and not with the isolate that waited for it", async ({ run }) => {
  const files = { "main.js": "console.log(performance.timeOrigin);" };
  await run({ files, tenant: "clock" });
  await delay(100);
  const before = Date.now();
  const { stdout, warm } = await run({ files, tenant: "clock" });
  assert(warm && Number(stdout) > before - 50, `${stdout} and ${before}`);
});

testIsolate(
  "a slot that was killed runs no other program, and the next program of its tenant runs in another",
  async ({ run }) => {
    const ended = await run({ files: { "main.js": "for (;;);" }, tenant: "killed", limits: { timeoutMs: 100 } });
    const next = await run({
      files: { "main.js": "console.log(1);" },
      tenant: "killed",
      limits: { timeoutMs: 10_000 },
    });
    assertEquals([ended.outcome.kind, next.stdout, next.warm], ["timed_out", "1\n", false]);
  },
);

testIsolate(
  "a program may ask for no permission; its level is 7, and 8 where that is asked for",
  async ({ runtime }) => {
    const config = configureEnvironment("web");
    const none = NO_PERMISSIONS;
    const asked = [{ allowRead: ["/etc"] }, { allowNet: true }, { allowEnv: ["HOME"] }, { allowWrite: ["/tmp/x"] }];
    for (const own of asked) {
      const { cannotHonour } = await runtime.assess({ ...config, permissions: { ...none, ...own } });
      assert(cannotHonour !== undefined, JSON.stringify(own));
    }
    const { cannotHonour, isolation } = await runtime.assess({ ...config, permissions: none });
    assertEquals([cannotHonour, isolation.level], [undefined, 7]);
    assertEquals((await runtime.assess({ ...config, minIsolation: 8, permissions: none })).isolation.level, 8);
  },
);

testIsolate("where it is to run each program in a slot of its own, all are at level 8", async ({ host }) => {
  await using alone = await openIsolate({ settings: { ...host.settings, isolate: { isolateReuse: false } } });
  const files = { "main.js": "console.log(1);" };
  const results = [await alone.run({ files, tenant: "one" }), await alone.run({ files, tenant: "one" })];
  assertEquals(results.map((result) => [result.stdout, result.warm]), [["1\n", false], ["1\n", false]]);
});

testIsolate("where no machine code is made, it runs web alone, without WebAssembly and types", async ({ host }) => {
  await using hardened = await openIsolate({ settings: { ...host.settings, isolate: { isolateJitless: true } } });
  assertEquals([hardened.runtime.supportedEnvironments, hardened.availability], [["web"], { available: true }]);
  const code = "console.log(40 + 2, typeof WebAssembly, new URL('a:b').href);";
  const { outcome, stderr, stdout } = await hardened.run({ files: { "main.js": code }, tenant: "one" });
  assertEquals([stdout, stderr, outcome], ["42 undefined a:b\n", "", { kind: "exited", exitCode: 0 }]);
  const typed = await hardened.run({ files: { "main.ts": "let n: number;" }, tenant: "one" });
  assertEquals(typed.stderr, "error: Uncaught Error: No file with types runs here, as no machine code is made\n");
  const { canaries } = await hardened.runtime.diagnose();
  assertEquals(canaries.filter(({ kept }) => !kept), []);
});

testIsolate(
  "no more slots wait for a tenant's next program than there are cores, and none where other programs need the memory",
  async () => {
    let held = 0;
    const forWorkspace = () => {
      held++;
      return { [Symbol.dispose]: () => void held-- };
    };
    let evict = () => Promise.resolve();
    const pool = {
      ...{ count() {}, schedule() {}, warmUp() {}, lease: () => Promise.resolve(undefined) },
      onEvictAll: (ends: () => Promise<void>) => {
        evict = ends;
        return { [Symbol.dispose]() {} };
      },
    };
    const memory = { forWorkspace, forSession: () => Promise.resolve(forWorkspace()) };
    await using own = await openIsolate({ memory, pool });
    const files = { "main.js": "await new Promise((resolve) => setTimeout(resolve, 1_500));" };
    const cores = navigator.hardwareConcurrency;
    await Promise.all(Array.from({ length: cores + 2 }, () => own.run({ files, tenant: "one" })));
    assert(held > 0 && held <= cores, `${held} slots wait`);
    await evict();
    assertEquals(held, 0);
    const { warm } = await own.run({ files: { "main.js": "" }, tenant: "one" });
    assertEquals(warm, false);
  },
);

testIsolate("where no namespaces stand around a slot, there is none", async () => {
  await using bare = await openIsolate({ without: ["namespaces"] });
  const { availability } = bare;
  assert(!availability.available);
  assertStringIncludes(availability.reason, "need namespaces");
});

testIsolate("its diagnosis names what the canaries tried", async ({ runtime }) => {
  const { canaries, level, next } = await runtime.diagnose();
  assertEquals(canaries.filter(({ kept }) => !kept), []);
  assertEquals([level, next?.level], [7, 8]); // Programs of a tenant share slots, unless they ask for more.
  for (const name of ["files", "network", "environment", "memory", "heap", "deadline", "cpu", "output", "result"]) {
    assertStringIncludes(canaries.map((canary) => canary.name).join(), name);
  }
});

testIsolate(
  "memory that a program is refused beside the heap is the limit's, in whatever way it asks",
  async ({ run }) => {
    for (const type of ["ArrayBuffer", "SharedArrayBuffer"]) {
      const code = `const one = new ${type}(1, { maxByteLength: 2 ** 31 }); one.${
        type === "ArrayBuffer" ? "resize" : "grow"
      }(2 ** 31); new Uint8Array(one).fill(1);`;
      const { outcome } = await run({ files: { "main.js": code }, limits: { memoryMb: 64 } });
      assertEquals(outcome.kind, "memory_limit", type);
    }
    const { stderr } = await run({
      files: { "main.js": "console.assert(false, 'is %d', 1); console.assert(0, [2]);" },
    });
    assertEquals(stderr, "Assertion failed: is 1\nAssertion failed [ 2 ]\n");
  },
);

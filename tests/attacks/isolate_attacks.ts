/** A hostile program for a runtime whose programs only compute. */
export interface IsolateAttack {
  readonly name: string;
  readonly code: string;
  /** The kinds of outcome that it may have. */
  readonly ends: readonly string[];
  /** Exactly what it prints; absent, anything but what it must not. */
  readonly prints?: string;
}

/** Ends by itself, whatever it threw. */
const EXITS = ["exited"];
/** Is ended, or finds that it gets no more. */
const STOPPED = ["timed_out", "memory_limit", "signaled", "exited"];

/** What prints the globals of the process around, where a value leads there. */
const LEAK =
  'const leak = (value) => { try { const own = value.constructor.constructor("return typeof process")(); if (typeof own === "string" && own !== "undefined") console.log("LEAKED", own); } catch {} };';

/** What tries to get out of an isolate, to break the process around it, or to use it up. */
export const ISOLATE_ATTACKS: readonly IsolateAttack[] = [
  {
    name: "built-in prototypes are poisoned before the console, URL and clones are used",
    code: `for (const type of [Array, Object, String, Map, Promise, Function, Error, Symbol, RegExp]) {
  for (const name of Object.getOwnPropertyNames(type.prototype)) {
    try { type.prototype[name] = () => { throw new Error("poisoned"); }; } catch {}
  }
}
try { console.log({ a: 1 }); } catch {}
try { new URL("https://example.com/").href; } catch {}
try { structuredClone(new Map([[1, 2]])); } catch {}`,
    ends: EXITS,
  },
  {
    name: "prototypes get setters that see what comes from the process",
    code: `${LEAK}
for (const name of ["stdout", "result", "kind", "files", "entry", "then", "message", "stack", "0"]) {
  Object.defineProperty(Object.prototype, name, { configurable: true, get() { leak(this); }, set(value) { leak(this); leak(value); } });
}
console.log(1); new URL("a:b").href; crypto.randomUUID(); setTimeout(() => console.log(2), 1);`,
    ends: EXITS,
  },
  {
    name: "every function that a program is given leads to no other realm",
    code: `${LEAK}
const seen = new Set();
const visit = (value) => {
  if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value)) return;
  seen.add(value);
  leak(value);
  for (const key of Reflect.ownKeys(value)) { try { visit(value[key]); } catch (error) { leak(error); visit(error); } }
  visit(Object.getPrototypeOf(value));
};
visit(globalThis); console.log("visited");`,
    ends: EXITS,
    prints: "visited\n",
  },
  {
    name: "nothing that a program can reach is a handle of the process on it",
    code: `const seen = new Set(), found = [];
const visit = (value) => {
  if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Promise && value !== Promise.prototype) value.catch(() => {});
  for (const name of ["apply", "copy", "get", "deref", "evaluate"]) if (name + "Sync" in value || name + "Into" in value) found.push(name);
  for (const key of Reflect.ownKeys(value)) { try { visit(value[key]); } catch (error) { visit(error); } }
  visit(Object.getPrototypeOf(value));
};
visit(globalThis); visit(setTimeout(() => {}, 1)); visit(new ReadableStream()); visit(structuredClone(new Map()));
for (const one of [() => new URL("no"), () => atob("!"), () => import("./none.js")]) { try { await one(); } catch (error) { visit(error); } }
console.log(found.join() + seen.has(URL));`,
    ends: EXITS,
    prints: "true\n",
  },
  {
    name: "the iterator of arrays is replaced to see what copies values for a program",
    code: `const iterate = Array.prototype[Symbol.iterator], found = [];
Array.prototype[Symbol.iterator] = function () {
  for (let at = 0; at < this.length; at++) if ("ExternalCopy" in Object(this[at])) found.push(this[at]);
  return iterate.call(this);
};
structuredClone({ a: 1 });
console.log(found.length);`,
    ends: EXITS,
    prints: "0\n",
  },
  {
    name: "the iterator of arrays is replaced to evaluate a part of the prelude with a program's own function",
    code: `const iterate = Array.prototype[Symbol.iterator], found = [];
Array.prototype[Symbol.iterator] = function () {
  const all = Array.from({ length: this.length }, (_, at) => {
    const one = this[at];
    return typeof one !== "function" ? one : (...given) => { found.push(typeof given[1]); return Reflect.apply(one, undefined, given); };
  });
  return iterate.call(all);
};
new URL("a:b"); new Blob(); setTimeout(() => {}); new AbortController(); new ReadableStream(); structuredClone(1);
console.log(found.join());`,
    ends: EXITS,
    prints: "\n",
  },
  {
    name: "a method is replaced to hand the process an object in place of a text",
    code: `const generators = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})()));
const { next } = generators;
let count = 0;
generators.next = () => count++ === 0 ? { value: { toString: () => "a text" }, done: false } : { done: true };
console.log("x".repeat(1e5));
generators.next = next;`,
    ends: EXITS,
    prints: "a text",
  },
  {
    name: "an error that the process throws leads to no other realm",
    code: `${LEAK}
const tries = [() => new URL({ toString() { throw 1; } }), () => structuredClone(() => {}), () => atob("!"), () => crypto.getRandomValues([])];
for (const one of tries) { try { one(); } catch (error) { leak(error); leak(Object.getPrototypeOf(error)); } }
console.log("tried");`,
    ends: EXITS,
    prints: "tried\n",
  },
  {
    name: "getters stand on the error that ends the program",
    code:
      'throw Object.defineProperties(new Error("x"), { stack: { get() { throw new Error("stack"); } }, message: { get() { return { toString() { for (;;); } }; } } });',
    ends: STOPPED,
  },
  {
    name: "what ends the program is a Proxy",
    code: "throw new Proxy(new Error('x'), { get() { throw 1; } });",
    ends: EXITS,
  },
  {
    name: "arguments of the console are Proxies with traps that fail or change",
    code:
      "let n = 0; console.log(new Proxy({}, { ownKeys() { return ['a' + n++]; }, getOwnPropertyDescriptor() { throw n; }, get() { throw n; } })); console.log('%s', new Proxy(function () {}, { get() { throw 1; } }));",
    ends: EXITS,
  },
  {
    name: "the module's end is a thenable, and Promise is not the built-in one",
    code:
      "globalThis.Promise = class { then() { for (;;); } }; export function then(resolve) { resolve({ kind: 'done' }); }",
    ends: STOPPED,
  },
  {
    name: "finalizers keep on when the program is over",
    code:
      "const all = new FinalizationRegistry(() => { for (;;); }); for (let n = 0; n < 1e5; n++) all.register({ n }, n); console.log('over');",
    ends: STOPPED,
  },
  {
    name: "Atomics.wait never ends",
    code: "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
    ends: ["timed_out", "exited"],
  },
  {
    name: "shared memory is taken without bound",
    code:
      "const all = []; for (;;) { const one = new SharedArrayBuffer(16e6); new Uint8Array(one).fill(1); all.push(one); }",
    ends: STOPPED,
  },
  {
    name: "memories of WebAssembly grow without bound",
    code:
      "const all = []; for (;;) { const one = new WebAssembly.Memory({ initial: 256, maximum: 65536 }); new Uint8Array(one.buffer).fill(1); all.push(one); }",
    ends: STOPPED,
  },
  { name: "a regular expression never ends", code: `/^(a+)+$/.test("a".repeat(40) + "b");`, ends: ["timed_out"] },
  { name: "a BigInt never ends", code: "let n = 3n; for (;;) n *= n;", ends: STOPPED },
  { name: "a comparator of a sort never ends", code: "[3, 2, 1].sort(() => { for (;;); });", ends: ["timed_out"] },
  {
    name: "a comparator changes what is sorted",
    code:
      "const all = Array.from({ length: 1e4 }, () => ({})); all.sort(() => { all.length = 0; return Math.random() - 0.5; });",
    ends: EXITS,
  },
  {
    name: "async generators never settle",
    code:
      "async function* never() { for (;;) yield await new Promise(() => {}); } for await (const one of never()) console.log(one);",
    ends: EXITS,
  },
  {
    name: "microtasks never end",
    code: "(function next() { Promise.resolve().then(next); })();",
    ends: ["timed_out", "memory_limit"],
  },
  {
    name: "timers print for ever",
    code: "setInterval(() => { for (let n = 0; n < 100; n++) console.log('x'.repeat(10000)); }, 0);",
    ends: ["output_limit", "timed_out"],
  },
  { name: "a million timers are set", code: "for (let n = 0; n < 1e6; n++) setTimeout(() => {}, 1e6);", ends: STOPPED },
  {
    name: "Error.prepareStackTrace sees the frames of the process",
    code: `${LEAK}
Error.prepareStackTrace = (error, frames) => { for (const frame of frames) { leak(frame); leak(frame.getThis?.() ?? 1); leak(frame.getFunction?.() ?? 1); } return { toString() { for (;;); } }; };
try { new URL("no"); } catch (error) { error.stack; } console.log("read");`,
    ends: STOPPED,
  },
  {
    name: "the stack overflows in functions of the process",
    code: `${LEAK}
const deep = (one) => { try { one(); deep(one); } catch (error) { leak(error); throw error; } };
for (const one of [() => new URL("a:b"), () => crypto.randomUUID(), () => structuredClone([[[]]]), () => performance.now()]) {
  try { deep(one); } catch (error) { leak(error); }
}
console.log("unwound");`,
    ends: STOPPED,
  },
  {
    name: "errors that come from the process or through it show frames of it",
    code: `const found = new Set();
const see = ({ stack }) => { try { for (const line of stack.split("\\n")) if (/\\.cjs:|node:/.test(line)) found.add(line); } catch {} };
for (const name of ["URL", "Event", "ReadableStream"]) {
  const deep = () => { try { deep(); } catch (error) { see(error); } try { globalThis[name]; } catch (error) { see(error); } };
  deep();
}
try { new URL("a:b").href = "no"; } catch (error) { see(error); }
console.log(found.size);`,
    ends: EXITS,
    prints: "0\n",
  },
  {
    name: "lists and texts are made as long as they can be",
    code: '"x".repeat(2 ** 27).split("");',
    ends: STOPPED,
  },
  { name: "an array is filled without bound", code: "new Array(1e9).fill(0).map(() => ({}));", ends: STOPPED },
  { name: "JSON is nested without bound", code: 'JSON.parse("[".repeat(5e6) + "]".repeat(5e6));', ends: STOPPED },
  {
    name: "random bytes and texts of a URL are asked for without bound",
    code:
      'try { crypto.getRandomValues(new Uint8Array(1e9)); } catch {} try { new URL("https://a/" + "x".repeat(2 ** 26)); } catch {} console.log("asked");',
    ends: STOPPED,
  },
  {
    name: "what a program left behind is not there for the next",
    code: "console.log(typeof globalThis.left); globalThis.left = 1; Array.prototype.left = 1;",
    ends: EXITS,
    prints: "undefined\n",
  },
  {
    name: "the same again sees nothing of the program before",
    code: "console.log(typeof globalThis.left, typeof [].left);",
    ends: EXITS,
    prints: "undefined undefined\n",
  },
  {
    name: "frames of the protocol are printed",
    code: String
      .raw`console.log("\0\0\0\x02\x03{}"); console.error("\0\x07\x040\0"); console.log('{"kind":"exited","exitCode":7}');`,
    ends: EXITS,
  },
  {
    name: "imports are asked for without bound",
    code: 'for (let n = 0;; n++) import("./main.js?" + n);',
    ends: STOPPED,
  },
  {
    name: "a module imports itself without bound",
    code: 'import("./main.js?" + Math.random()); await import("./main.js?" + Math.random());',
    ends: STOPPED,
  },
  {
    name: "what import() is made of is taken hold of and poisoned",
    code: `${LEAK}
import { give, load } from "codebeaker:import"; leak(give); leak(load);
for (const name of ["then", "resolve", "reject", "id", "path"]) Object.defineProperty(Object.prototype, name, { get() { leak(this); } });
Map.prototype.set = Map.prototype.get = function () { leak(this); throw 1; };
for (const one of ["./none.js", { toString() { throw 1; } }]) { try { const got = await import(one); leak(got); } catch (error) { leak(error); } }
console.log("tried");`,
    ends: EXITS,
  },
  {
    name: "modules import what is outside the workspace",
    code: 'import "../../etc/passwd"; import "/proc/self/environ";',
    ends: EXITS,
    prints: "",
  },
];

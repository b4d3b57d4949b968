import { assertEquals } from "@std/assert";
import { DYNAMIC_GLOBALS, NOTABLE_GLOBALS } from "../../../src/needs/javascript/words.ts";
import { openPresentIsolate } from "../../support/open_isolate.ts";

/** Prints what the built-in objects of the language have, but for what Deno itself adds to them. */
const LIST_BUILT_INS = `const spaces = [Intl, Temporal, Math, JSON, Reflect, Atomics, WebAssembly];
const names = "Object Function Array String Number Boolean Symbol BigInt Date RegExp Error AggregateError Promise Map Set \\
WeakMap WeakSet WeakRef FinalizationRegistry Iterator ArrayBuffer SharedArrayBuffer DataView Uint8Array Float16Array Proxy \\
DisposableStack AsyncDisposableStack SuppressedError".split(" ");
const all = [...spaces, ...names.map((name) => globalThis[name]), ...spaces.flatMap(partsOf)].filter((one) => one);
function partsOf(space) {
  return Object.getOwnPropertyNames(space).map((name) => space[name]).filter((one) => one?.prototype);
}
const own = ["Symbol.metadata", "WebAssembly.compileStreaming", "WebAssembly.instantiateStreaming"];
const keysOf = (one, name) => Reflect.ownKeys(one ?? {}).map((key) => name + "." + String(key));
const found = all.flatMap((one) => {
  const name = one.name ?? one[Symbol.toStringTag];
  return [...keysOf(one, name), ...keysOf(one.prototype, name + ".prototype")];
});
console.log(JSON.stringify([...new Set(found)].filter((name) => !own.includes(name))));`;

/** Methods and properties of objects that the global object inherits or that mean nothing by themselves. */
const INHERITED = ["constructor", "getParent"];

const LIST_GLOBALS = `const all = [globalThis, Object.getPrototypeOf(globalThis), EventTarget.prototype];
console.log(JSON.stringify(all.flatMap((one) => Object.getOwnPropertyNames(one))));`;

const opened = await openPresentIsolate();
Deno.test.afterAll(async () => await opened?.[Symbol.asyncDispose]());

Deno.test({
  name: "[isolate] every global of Deno that an isolate lacks is a need of the program that uses it",
  ignore: opened === undefined,
  async fn() {
    const code = "console.log(Object.getOwnPropertyNames(globalThis).join());";
    const { stdout = "" } = await opened?.run({ files: { "main.js": code } }) ?? {};
    const here = stdout.trim().split(",");
    // Libraries of tests add globals to this process.
    const { stdout: listed } = await new Deno.Command(Deno.execPath(), { args: ["eval", LIST_GLOBALS] }).output();
    const own: string[] = JSON.parse(new TextDecoder().decode(listed));
    const unknown = own.filter((name) =>
      ![...here, ...INHERITED, ...NOTABLE_GLOBALS, ...DYNAMIC_GLOBALS].includes(name) && !name.startsWith("GPU")
    );
    assertEquals([own.length > 100, unknown], [true, []]);
  },
});

Deno.test({
  name: "[isolate] the language has every built-in that it has in Deno, as nothing says that a program uses one",
  ignore: opened === undefined,
  async fn() {
    const { stdout: here = "[]" } = await opened?.run({ files: { "main.js": LIST_BUILT_INS } }) ?? {};
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", LIST_BUILT_INS] }).output();
    const known: string[] = JSON.parse(here);
    const own: string[] = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([own.length > 1_000, own.filter((name) => !known.includes(name))], [true, []]);
  },
});

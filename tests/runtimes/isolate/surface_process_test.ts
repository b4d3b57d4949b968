import { assertEquals } from "@std/assert";
import { DYNAMIC_GLOBALS, NOTABLE_GLOBALS } from "../../../src/needs/javascript/words.ts";
import { openPresentIsolate } from "../../support/open_isolate.ts";

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

import { assertEquals } from "@std/assert";
import { toPlainScript } from "../../../../src/runtimes/interpreters/ecmascript/plain_script.js";

Deno.test("toPlainScript() makes declarations assignments, and names what they declare", () => {
  const table: readonly (readonly [string, readonly string[], string])[] = [
    ["let a = 1, b", ["a", "b"], "var $cell$var=a = 1, $cell$var=b=void 0"],
    ["let { a, b: [c] } = d;", ["a", "c"], "var $cell$var={ a, b: [c] } = d;"],
    ["class A {}\nnew A()", ["A"], "var $cell$var=A=class A {};\nnew A()"],
    ["for (let i = 0;;) { let j; break }", [], "for (let i = 0;;) { let j; break }"],
    ["var $cell$var=a = 1", [], "var $cell$var=a = 1"],
    ["'let'; f(() => { let a })", [], "'let'; f(() => { let a })"],
    ["let a = = 1", [], "let a = = 1"],
  ];
  for (const [source, names, script] of table) {
    assertEquals<unknown>(toPlainScript(source), { isAsync: false, names, script });
  }
});

Deno.test("toPlainScript() awaits in a function, which returns the value of the last expression", () => {
  const table: readonly (readonly [string, string])[] = [
    ["await 1 // one", "$cell$value=[(await 1)] // one"],
    ["await a;\n(b);", "await a;\n$cell$value=[((b))];"],
    ["for await (const a of b) ;", "for await (const a of b) ;"],
    ["await 1; let a = 2", "$cell$value=[(await 1)]; var $cell$var=a = 2"],
  ];
  for (const [source, body] of table) {
    const { isAsync, script } = toPlainScript(source);
    assertEquals([isAsync, script], [true, `(async()=>{let $cell$value;${body}\n;return $cell$value})()`]);
  }
  assertEquals(toPlainScript("async () => { await 1 }").isAsync, false);
});

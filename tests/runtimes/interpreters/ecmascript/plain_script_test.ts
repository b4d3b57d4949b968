import { assertEquals, assertThrows } from "@std/assert";
import { toPlainScript } from "../../../../src/runtimes/interpreters/ecmascript/plain_script.js";

Deno.test("toPlainScript() makes declarations assignments, and names what they declare", () => {
  const table: readonly (readonly [string, readonly string[], string])[] = [
    ["let a = 1, b", ["a", "b"], "var $cell$var=(0,    a = 1, b=void 0);"],
    ["let { a, b: [c] } = d;", ["a", "c"], "var $cell$var=(0,    { a, b: [c] } = d);;"],
    ["let a = () => {}\n(b)", ["a"], "var $cell$var=(0,    a = () => {});\n(b)"],
    ["class A {}\nnew A()", ["A"], "var $cell$var=(0,A=class A {});\nnew A()"],
    [
      "f() // c\nlet a = 1 // d\nclass B {}",
      ["a", "B"],
      "f();var $cell$var=(0, // c\n    a = 1);;var $cell$var=(0,B= // d\nclass B {});",
    ],
    ["for (let i = 0;;) { let j; break }", [], "for (let i = 0;;) { let j; break }"],
    ["var $cell$var=a = 1", [], "var $cell$var=a = 1"],
    ["'let'; f(() => { let a })", [], "'let'; f(() => { let a })"],
    ["let a = = 1", [], "let a = = 1"],
  ];
  for (const [source, names, script] of table) {
    const plain = toPlainScript(source);
    assertEquals([plain.isAsync, plain.names, plain.script], [false, names, script]);
  }
});

Deno.test("toPlainScript() awaits in a function, which returns the value of the last statement", () => {
  const table: readonly (readonly [string, string])[] = [
    ["await 1 // one", "$cell$value=[(0,await 1)] // one"],
    ["await a;\n(b);", "await a;;$cell$value=[(0,\n(b))];"],
    ["await a // one\nb", "await a;$cell$value=[(0, // one\nb)]"],
    ["for await (const a of b) ;", "for await (const a of b) ;"],
    ["await 1; let a = 2", "$cell$value=[(0,await 1)];;var $cell$var=(0,     a = 2);"],
    ["await 1\nlet a = 2", "$cell$value=[(0,await 1)];var $cell$var=(0,\n    a = 2);"],
    ["await 1; 2; { let a } debugger", "await 1;;$cell$value=[(0, 2)]; { let a } debugger"],
    ["{ await using a = b; 1 }", "{ await using a = b; $cell$value=[(0,1)] }"],
    ["1; if (await 2) { 3 } else 4", "1; if (await 2) { $cell$value=[(0,3)] } else $cell$value=[(0,4)]"],
    [
      "await 1; try { 2 } catch { 3 } finally { 4 }",
      "await 1; try { $cell$value=[(0,2)] } catch { $cell$value=[(0,3)] } finally { 4 }",
    ],
    [
      "l: for (;;) switch (await 1) { case 2: 3; break l }",
      "l: for (;;) switch (await 1) { case 2: $cell$value=[(0,3)]; break l }",
    ],
    ["'use strict'; await a", "'use strict';;$cell$value=[(0, await a)]"],
    ["await 1; { function f() { 2 } 3 }", "await 1; { function f() { 2 } $cell$value=[(0,3)] }"],
  ];
  for (const [source, body] of table) {
    const { isAsync, script } = toPlainScript(source);
    assertEquals([isAsync, script], [true, `(async($cell$value)=>{${body}\n;return $cell$value})`]);
  }
  assertEquals(toPlainScript("async () => { await 1 }").isAsync, false);
  assertThrows(() => toPlainScript("await 1; foo bar"), SyntaxError, "Unexpected token");
});

Deno.test("toPlainScript() leaves columns as they are where one statement stands in a line", () => {
  for (const source of ["let at = 1;\nclass B {}", "at", "f();\nlet g\n= at", "await 1\nat", "at + await 1"]) {
    const { columnOffset, script } = toPlainScript(source);
    const columns = (text: string) => text.split("\n").map((line) => line.search(/\bat\b/)).filter((at) => at >= 0);
    const [first = 0, ...rest] = columns(script);
    const isInFirstLine = /^.*\bat\b/.test(source);
    assertEquals([isInFirstLine ? first + columnOffset : first, ...rest], columns(source), source);
  }
});

import "../../../../src/runtimes/deno/interpreter/deno_host.js";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { rewriteScript, toScript } from "../../../../src/runtimes/interpreters/ecmascript/cell_code.js";

const OPTIONS = { name: "cell_1", isTyped: true, language: "typescript" };

const IMPORTS: Readonly<Record<string, string>> = {
  'import "side"': 'void await $cell$import("side", undefined);',
  'import d from "m"': 'let { "default": d } = await $cell$import("m", undefined, ["default"]);',
  'import { a, b as c } from "m"': 'let { "a": a, "b": c } = await $cell$import("m", undefined, ["a","b"]);',
  'import d, { a } from "m"': 'let { "default": d, "a": a } = await $cell$import("m", undefined, ["default","a"]);',
  'import * as all from "m"': 'let all = await $cell$import("m", undefined, []);',
  'import d, * as all from "m"': 'let all = await $cell$import("m", undefined, ["default"]), { "default": d } = all;',
  'import { "x-y" as z, default as e } from "m"':
    'let { "x-y": z, "default": e } = await $cell$import("m", undefined, ["x-y","default"]);',
  'import j from "./d.json" with { type: "json" }':
    'let { "default": j } = await $cell$import("./d.json", { with: { "type": "json" } }, ["default"]);',
  'import {\n  a, // "from" elsewhere\n  b,\n} from "m"; a':
    'let { "a": a, "b": b } = await $cell$import("m", undefined, ["a","b"]);\n\n\n a',
  "import{a}from'm'": 'let { "a": a } = await $cell$import(\'m\', undefined, ["a"]);',
  "import { a } from 'm'\n[1].map(a)": 'let { "a": a } = await $cell$import(\'m\', undefined, ["a"]);\n[1].map(a)',
  'm = await import("m", { with: {} })': 'm = await $cell$import("m", { with: {} })',
  "f(import.meta.url)": "f($cell$meta.url)",
  'import { from } from "m"': 'let { "from": from } = await $cell$import("m", undefined, ["from"]);',
};

/** Scripts of cells without functions, and of whom something has to be declared before. */
const DECLARATIONS: Readonly<Record<string, string>> = {
  "const a = 1, { b } = c;": "let   a = 1, { b } = c;",
  "let a; class B {}": "let a; class B {}",
  "{ const a = 1; let b; using c = d }": "{ const a = 1; let b; using c = d }",
  "function f() { const a = 1; var b = 2 }": ";                                      ",
  "var a = 1, b, [c] = d;": "var $cell$var=a = 1, $cell$var=b, $cell$var=[c] = d;",
  "if (x) var a = 1": "if (x) var $cell$var=a = 1",
  "for (var i = 0, n; ;) for (var k in o) for (var { v } of p);":
    "for (    i = 0, n; ;) for (    k in o) for (    { v } of p);",
  "using a = f(), b = g();": 'let   a = $cell$using("cell_1", false, f()), b = $cell$using("cell_1", false, g());',
  "await using a = f()": 'let         a = $cell$using("cell_1", true, f())',
  "const a = 1; a = 2; a++; [a] = [1]; ({ a, b: a } = {})":
    "let   a = 1; $cell$const.a = 2; $cell$const.a++; [$cell$const.a] = [1]; ({ a: $cell$const.a, b: $cell$const.a } = {})",
  "const a = 1; function f(a) { a = 2 } f()": "let   a = 1; ;                       f()",
  "const a = 1; { let a; a = 2 }": "let   a = 1; { let a; a = 2 }",
  "if (x) { function g() {} function* h() {} }": "if (x) {{let g;{ function g() {} function* h() {} }}}",
  "if (x) function f() {} else function g() {}": "if (x) {let f;{function f() {}}} else {let g;{function g() {}}}",
  "l: function f() {}": "l: {let f;{function f() {}}}",
  "switch (x) { case 1: function g() {} default: function h() {} }":
    "{let g,h;{switch (x) { case 1: function g() {} default: function h() {} }}}",
};

Deno.test("rewriteScript() makes variables of what imports name, and leaves every line where it is", () => {
  for (const [source, script] of Object.entries(IMPORTS)) {
    assertEquals(rewriteScript(source, OPTIONS).script, script);
    assertEquals(script.split("\n").length, source.split("\n").length);
  }
});

Deno.test("rewriteScript() makes every declaration one that may be repeated", () => {
  for (const [source, script] of Object.entries(DECLARATIONS)) {
    assertEquals(rewriteScript(source, OPTIONS).script, script);
  }
});

Deno.test("rewriteScript() tells functions and variables apart, which are declared before, where they stand", () => {
  const source = "f();\nfunction f() { f = 1 }\nvar a, [b] = c; async function g() {}\n{ function h() {} }";
  assertEquals(rewriteScript(source, OPTIONS).before, {
    directives: "",
    fresh: ["f", "g"],
    functions: ";f= \nfunction  () { f = 1 };g=\n                async function g() {}",
    variables: ["a", "b"],
  });
  assertEquals(rewriteScript("const a = () => { var b }", OPTIONS).before, undefined);
  const { before } = rewriteScript("const a = 1; function f(a) { a = 2 }", OPTIONS);
  assertEquals(before?.functions, ";f=          function f(a) { a = 2 }");
});

Deno.test("rewriteScript() requires of a module what a cell uses, and what can be no type", () => {
  const source = "import { T, U, v } from 'm'; U";
  for (const [isTyped, needed] of [[true, '["U","v"]'], [false, '["T","U","v"]']] as const) {
    assertEquals(rewriteScript(source, { ...OPTIONS, isTyped }).script.includes(`undefined, ${needed})`), true);
  }
});

Deno.test("rewriteScript() leaves alone what only looks like an import or a declaration", () => {
  for (
    const source of [
      "s = \"import x from 'y'\";",
      "// import x from 'y'\n/* import('z') */",
      "`import x from 'y'`",
      "object.import('x')",
      "/const a = import('y')/.test(s)",
      "class A { import() {} }",
      "s = 'var a; const b = 1'",
    ]
  ) assertEquals(rewriteScript(source, OPTIONS), { before: undefined, script: source });
});

Deno.test("rewriteScript() gives back any text around imports as it was", () => {
  const text = fc.stringMatching(/^[a-z0-9 ;]{0,20}$/);
  fc.assert(fc.property(text, text, (before, after) => {
    const { script } = rewriteScript(`"${before}";\nimport { a } from "m";\n"${after}";`, OPTIONS);
    assertEquals(script.split("\n")[0], `"${before}";`);
    assertEquals(script.split("\n")[2], `"${after}";`);
  }));
});

Deno.test("toScript() strips types, and takes one object literal for an object", async () => {
  const script = async (source: string) => (await toScript(source, OPTIONS)).script;
  assertEquals(await script("let x: number = 1;"), "let x         = 1;");
  assertEquals(await script("{ a: 1, b: 2 }"), "({ a: 1, b: 2 })");
  assertEquals(await script("{ let a = 1; a }"), "{ let a = 1; a }");
  assertEquals(await script("import type { T } from 'm'; 1"), "                            1");
  assertEquals((await script("enum E { A }\nE.A")).includes('E[E["A"] = 0]'), true);
  assertEquals((await script("let v = <const>['a']")).includes("const"), false);
});

Deno.test("toScript() leaves out a line for the shell", async () => {
  assertEquals((await toScript("#!/usr/bin/env deno\nlet a", OPTIONS)).script, `${" ".repeat(19)}\nlet a`);
});

Deno.test("toScript() begins an enum and a namespace anew", async () => {
  for (const source of ["enum E { A }", "namespace E { export const a = 1 }"]) {
    const { before } = await toScript(source, OPTIONS);
    assertEquals([before?.fresh, before?.variables], [["E"], []]);
  }
});

Deno.test("toScript() says where the syntax of a cell is off, and runs nothing of it", async () => {
  for (
    const [source, isTyped, place] of [
      ["let fine = 1;\nlet a: = 3", true, "cell_1:2:8"],
      ["if (foo(", true, "cell_1:1:9"],
      ["let fine = 1;\nimport { a from 'm'", false, "cell_1:2:12"],
    ] as const
  ) {
    const error = await assertRejects(() => toScript(source, { ...OPTIONS, isTyped }), SyntaxError);
    assertEquals(error.stack?.split("at ").pop(), place);
  }
  const dropped = "import { a } from 'm';\nenum E { A }";
  await assertRejects(() => toScript(dropped, OPTIONS), SyntaxError, "use another cell");
  await assertRejects(() => toScript("@decorate\nclass A {}", OPTIONS), SyntaxError, "put the class in a file");
});

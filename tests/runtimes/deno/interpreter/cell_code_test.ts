import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { rewriteImports, toScript } from "../../../../src/runtimes/deno/interpreter/cell_code.js";

const OPTIONS = { name: "cell_1", isTyped: true };

const IMPORTS: Readonly<Record<string, string>> = {
  'import "side"': 'void await $cell$import("side", undefined)',
  'import d from "m"': 'const { "default": d } = await $cell$import("m", undefined, ["default"])',
  'import { a, b as c } from "m"': 'const { "a": a, "b": c } = await $cell$import("m", undefined, ["a","b"])',
  'import d, { a } from "m"': 'const { "default": d, "a": a } = await $cell$import("m", undefined, ["default","a"])',
  'import * as all from "m"': 'const all = await $cell$import("m", undefined, [])',
  'import d, * as all from "m"': 'const all = await $cell$import("m", undefined, ["default"]), { "default": d } = all',
  'import { "x-y" as z, default as e } from "m"':
    'const { "x-y": z, "default": e } = await $cell$import("m", undefined, ["x-y","default"])',
  'import j from "./d.json" with { type: "json" }':
    'const { "default": j } = await $cell$import("./d.json", { with: { type: "json" } }, ["default"])',
  'import {\n  a, // "from" elsewhere\n  b,\n} from "m"; a':
    'const { "a": a, "b": b } = await $cell$import("m", undefined, ["a","b"])\n\n\n; a',
  "import{a}from'm'": 'const { "a": a } = await $cell$import(\'m\', undefined, ["a"])',
  'const m = await import("m")': 'const m = await $cell$import("m")',
  "f(import.meta.url)": "f($cell$meta.url)",
  'import { from } from "m"': 'const { "from": from } = await $cell$import("m", undefined, ["from"])',
};

Deno.test("rewriteImports() makes variables of what imports name, and leaves every line where it is", () => {
  for (const [source, script] of Object.entries(IMPORTS)) {
    assertEquals(rewriteImports(source), script);
    assertEquals(script.split("\n").length, source.split("\n").length);
  }
});

Deno.test("rewriteImports() leaves alone what only looks like an import", () => {
  for (
    const source of [
      "const s = \"import x from 'y'\";",
      "// import x from 'y'\n/* import('z') */",
      "`import x from 'y'`",
      "object.import('x')",
      "/import('y')/.test(s)",
      "class A { import() {} }",
    ]
  ) assertEquals(rewriteImports(source), source);
});

Deno.test("rewriteImports() gives back any text around imports as it was", () => {
  const text = fc.stringMatching(/^[a-z0-9 ;]{0,20}$/);
  fc.assert(fc.property(text, text, (before, after) => {
    const script = rewriteImports(`"${before}";\nimport { a } from "m";\n"${after}";`);
    assertEquals(script.split("\n")[0], `"${before}";`);
    assertEquals(script.split("\n")[2], `"${after}";`);
  }));
});

Deno.test("toScript() strips types, and takes one object literal for an object", async () => {
  assertEquals(await toScript("const x: number = 1;", OPTIONS), "const x         = 1;");
  assertEquals(await toScript("{ a: 1, b: 2 }", OPTIONS), "({ a: 1, b: 2 })");
  assertEquals(await toScript("{ let a = 1; a }", OPTIONS), "{ let a = 1; a }");
  assertEquals(await toScript("import type { T } from 'm'; 1", OPTIONS), "                            1");
  assertEquals((await toScript("enum E { A }\nE.A", OPTIONS)).includes('E[E["A"] = 0]'), true);
});

Deno.test("toScript() says where the syntax of a cell is off, and runs nothing of it", async () => {
  for (
    const [source, isTyped, place] of [
      ["let fine = 1;\nlet a: = 3", true, "cell_1:2:8"],
      ["foo(", true, "cell_1:1:5"],
      ["let fine = 1;\nimport { a from 'm'", false, "cell_1:2:12"],
    ] as const
  ) {
    const error = await assertRejects(() => toScript(source, { ...OPTIONS, isTyped }), SyntaxError);
    assertEquals(error.stack?.split("at ").pop(), place);
  }
  const dropped = "import { a } from 'm';\nenum E { A }";
  await assertRejects(() => toScript(dropped, OPTIONS), SyntaxError, "use another cell");
});

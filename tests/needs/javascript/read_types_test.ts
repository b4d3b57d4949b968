import { assertEquals } from "@std/assert";
import { parser } from "@lezer/javascript";
import { ERASABLE_NODES } from "../../../src/needs/javascript/read_types.ts";
import { NeedAnalyser } from "../../../src/needs/need_analyser.ts";
import { ERASABLE } from "../../support/erasable_programs.ts";

/** What programs need beside that types are erased, in one line each. */
async function typesNeededBy(files: Readonly<Record<string, string>>): Promise<string[]> {
  const placed = Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) }));
  const needs = await new NeedAnalyser({ now: () => 0 }).find({ files: placed, entrypoint: placed[0]?.path ?? "" });
  const uses = needs?.uses.filter(({ kind }) => kind === "types" || kind === "syntax") ?? [];
  const found = uses.map(({ file, line, name }) => `${name} ${file}:${line}`);
  return needs?.known === false ? [...found, "unknown"] : found;
}

/** The files that they import. */
const IMPORTED = Object.fromEntries(["a.ts", "a.mts", "b.ts", "b.js", "side.ts", "lazy.ts"].map((path) => [path, ""]));

for (const [index, text] of ERASABLE.entries()) {
  Deno.test(`find() needs no compiler where types can be erased (${index + 1})`, async () => {
    assertEquals(await typesNeededBy({ "main.ts": text, ...IMPORTED }), []);
  });
}

const IMPORT = "an import that may be a type";
const EXPORT = "an export that may be a type";

const RULE = "types that break a rule";

/** What tools that erase types refuse, and compilers make a program of. */
const BREAKS_A_RULE: readonly string[] = [
  "class A { private #b = 1 }",
  "class A { static constructor() {} }",
  "class A { override b() {} }",
  "class A extends B { override static c = 1 }",
  "class A extends B { override override c = 1 }",
  "class A { abstract b(): void }",
  "abstract class A { abstract b() {} }",
  "abstract class A { abstract b = 1 }",
  "abstract class A { abstract #b: 1 }",
  "class A { declare b = 1 }",
  "class A { out\n b = 1 }",
  "class A { static static {} }",
  "class A implements implements {}",
  "class string {}",
  "interface any {}",
  "type A = B<>;",
  "type A<in B> = 1;",
  "let a: (enum: 1) => 2;",
  "const a = { get b(c: 1) { return 1 } };",
  "const a = { set b(c: 1, d: 2) {} };",
  "function a(b?: 1 = 1) {}",
  "const a = (...b?: 1[]) => {};",
  "const a = (...b: 1[], c: 2) => {};",
  "function a(b = 1): void; function a(b: 1) {}",
  "await<1>(2);",
];

/** Programs whose types cannot only be erased, and what they need. */
const NOT_ERASABLE: Readonly<Record<string, string>> = {
  "enum A { B }": "enum",
  "const enum A { B }": "const enum",
  "declare enum A { B }": "enum",
  "namespace A { export const b = 1 }": "namespace",
  "module A { export const b = 1 }": "namespace",
  "class A { constructor(private b: string) {} }": "parameter property",
  "class A { constructor(readonly b: string) {} }": "parameter property",
  "class A { constructor(public readonly b = 1) {} }": "parameter property",
  "@a class B {}": "decorator",
  "class A { accessor b = 1 }": "accessor",
  "const a = <string>b;": "<Type>value",
  "if (a) <any>b();": "<Type>value",
  "a; // b\n<any>c;": "<Type>value",
  "return\n<any>c;": "<Type>value",
  "declare const a: string;": "declare",
  "declare global { interface A {} }": "declare",
  "export = a;": "export =",
  'import { A } from "./a.ts";': IMPORT,
  'import { A } from "./a.ts"; let b: A;': IMPORT,
  'import { A } from "./a.ts"; let b: typeof A;': IMPORT,
  'import { A } from "./a.ts"; let b = c as A.D; class E implements A {}': IMPORT,
  'import { A } from "./a.ts"; function f(A: number) { return A }': IMPORT,
  'import { A } from "./a.ts"; type F<A> = A; A();': IMPORT,
  'import { A } from "./a.ts"; export { A };': IMPORT,
  'import { A } from "./a.ts"; f({ A: 1, B() {} }); type C = { A: 1 };': IMPORT,
  'import { A, b } from "node:path"; b();': IMPORT,
  'import a from "./a.ts"; let b: a;': IMPORT,
  'import * as a from "./a.ts"; let b: a.C;': IMPORT,
  'import { type A } from "./a.ts";': "an import of types only",
  'import {} from "./a.ts";': "an import of types only",
  "interface A {} export { A };": EXPORT,
  "interface A {} export default A;": EXPORT,
  "type A = 1; let b = 1; export { b, A as C };": EXPORT,
  'export { A } from "./a.ts";': EXPORT,
  'import { a } from "./a.tsx"; a();': "the module ./a.tsx",
  'import a from "./a.json"; a();': "the module ./a.json",
  'import a from "./a"; a();': "the module ./a",
  'export * from "./a.cts";': "the module ./a.cts",
  'await import("./a.ts?b");': "the module ./a.ts?b",
  'import defer * as a from "./a.ts"; a.b();': "defer",
  ...Object.fromEntries(BREAKS_A_RULE.map((text) => [text, RULE])),
};

for (const [text, expected] of Object.entries(NOT_ERASABLE)) {
  Deno.test(`find() needs ${expected} for ${text.replaceAll("\n", " ")}`, async () => {
    const found = await typesNeededBy({ "main.ts": text });
    const first = found.find((one) => one.startsWith(expected)) ?? "";
    const line = first.slice(first.lastIndexOf(":") + 1);
    assertEquals(
      [first.startsWith(`${expected} main.ts:`), Number(line) <= text.split("\n").length],
      [true, true],
      found.join(),
    );
  });
}

Deno.test("find() is not certain of syntax that is not understood", async () => {
  for (
    const text of [
      "for (const a: 1 of []) ;",
      "interface A { #b: 1 }",
      'import a = require("a");',
      "export default interface A {}",
      "class A { constructor(override b) {} }",
    ]
  ) assertEquals((await typesNeededBy({ "main.ts": text })).includes("unknown"), true, text);
});

Deno.test("find() needs what configures types, and files of CommonJS", async () => {
  const files = { "package.json": "{}", "sub/deno.jsonc": "{}", "data.txt": "{}" };
  assertEquals(await typesNeededBy({ "main.ts": "let a: 1;", ...files }), [
    "another kind of file package.json:1",
  ]);
  assertEquals(await typesNeededBy({ "main.ts": "export let a: 1;", "b.cts": "export {}", "tsconfig.json": "" }), [
    "a file of CommonJS b.cts:1",
    "another kind of file tsconfig.json:1",
  ]);
  assertEquals(await typesNeededBy({ "main.js": "let a;", ...files }), []);
  assertEquals(await typesNeededBy({ "main.js": "let a;", "b.ts": "" }), ["another kind of file b.ts:1"]);
  assertEquals(await typesNeededBy({ "main.cjs": "a = 1;" }), ["another kind of file main.cjs:1"]);
});

/** Nodes of the grammar that make a need, or that only stand in another grammar. */
const OTHER_NODES = [
  ...["AmbientDeclaration", "AmbientFunctionDeclaration", "GlobalDeclaration", "PrefixCast", "WithStatement"],
  ...["SingleExpression", "SingleClassItem"],
];

Deno.test("ERASABLE_NODES are the nodes of the grammar but for those that were found not to be", () => {
  const names = new Set(parser.nodeSet.types.map(({ name }) => name).filter((name) => /^[A-Z](?!SX)/.test(name)));
  assertEquals([...names].filter((name) => !ERASABLE_NODES.has(name)).toSorted(), OTHER_NODES.toSorted());
  assertEquals([...ERASABLE_NODES].filter((name) => !names.has(name)), []);
});

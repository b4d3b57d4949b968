/** Programs that are the same where a compiler makes them and where their types are erased. */
export const ERASABLE: readonly string[] = [
  "type A = { a?: string }; interface B<T> extends A { readonly b: T } const c: B<1>[] = []; export { c };",
  "let x = 1 as number; const y = { a: 1 } satisfies Record<string, number>; x!; const z = <T>(v: T): T => v; function is(v: unknown): v is 1 { return true }",
  "abstract class A<T> implements I { z!: T; static #p?: string; private q = 1; abstract m(): void; constructor(a?: 1, b = 2, ...c: 3[]) {} } class B extends A<1> { protected static override readonly r: 1 = 1; override get v(): 1 { return 1 } set v(w: 1) {} }",
  "function f(a: string): void; function f(this: unknown, a: unknown) {} export default function g<T>(...a: T[]): asserts a {}",
  'import { join } from "node:path"; import type { X } from "./x.ts"; import * as fs from "node:fs"; fs.x(join("a", "b"));',
  'import a, { type T, b as c } from "./a.mts"; let t: T = c(a); export type { T } from "./a.mts"; export * from "./b.js";',
  'import { a } from "./a.ts"; import { b } from "./b.ts"; f({ a, c: b, [d]: 1 });',
  'import "node:fs"; import "./side.ts"; await import("./lazy.ts"); export const d = 1, { e } = { e: 2 };',
  "for (let i = 0; i < 3; i++) if (a < b) c<number>(d); const k: keyof typeof x = 'a'; let u: import('./x.ts').Y;",
];

const MODIFIERS = ["", "public", "private", "static", "readonly", "override", "abstract", "declare", "async"];
const MEMBERS = [
  ...["x: number;", "x = 1;", "x?: number;", "x!: number;", "x!: 1 = 1;", "m(): void {}", "m(): void;", "#p = 1;"],
  ...["get g(): 1 { return 1 }", "set g(v: 1) {}", "set g(v?: 1) {}", "*m(): any {}", "constructor(a?: 1 = 1) {}"],
  ...["constructor(readonly a: 1) {}", "constructor();", "['k']: number;", "static {}"],
];
const HEADS = ["class A", "abstract class A"];
/** Members that override another are those of a class with a base. */
const DERIVED = "class A extends Object";

/** Classes of which Node strips some, and refuses others. */
export const CLASSES: readonly string[] = MODIFIERS.flatMap((one) =>
  MODIFIERS.flatMap((other) => {
    const heads = one === "override" || other === "override" ? [...HEADS, DERIVED] : HEADS;
    return heads.flatMap((head) => MEMBERS.map((member) => `${head} { ${one} ${other} ${member} }`));
  })
);

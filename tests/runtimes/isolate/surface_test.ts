import { assertEquals } from "@std/assert";
import { NeedAnalyser } from "../../../src/needs/mod.ts";
import { isolateFacts } from "../../../src/runtimes/isolate/facts.ts";
import { fitOf } from "../../../src/runtimes/selection/fit.ts";

/** Programs in TypeScript, and whether they may run in an isolate. */
const PROGRAMS: readonly [code: string, mayRun: boolean][] = [
  ["console.log([3, 1, 2].sort().join());", true],
  ["let sum = 0; for (let n = 0; n < 9; n++) sum += n; console.log(sum);", true],
  ["type Pair = [number, string]; const pair: Pair = [1, 'a']; console.log(pair.join());", true],
  ["const t = performance.now(); console.log(crypto.randomUUID().length, `${performance.now() - t > 0}`);", true],
  [
    "using held = { [Symbol.dispose]() { console.log('over'); } }; console.log(new Uint8Array([1]).toHex() + '');",
    true,
  ],
  ["setTimeout(() => console.log('later'), 5); await null; Atomics.add(new Int32Array(1), 0, 1);", true],
  ["console.log(new TextEncoder().encode('x').length, btoa('x').length, structuredClone([1]).join());", true],
  ["console.log({ a: 1 });", false], // Each runtime shows objects in its own way.
  ["console.log(crypto.subtle === undefined);", false],
  ["const { subtle } = crypto; console.log(String(subtle));", false],
  ["performance.mark('x');", false],
  ["await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1).value;", false],
  ["console.log(new TextDecoder('latin1').decode(new Uint8Array([233])));", false],
  ["console.log(URL.createObjectURL(new Blob([])));", false],
  ["console.log(new Response('x').status);", false],
  ["const { port1 } = new MessageChannel(); port1.close();", false],
  ["const { twice } = await import('./twice.ts'); console.log(String(twice));", false],
  ["console.log(import.meta.url);", false],
  ["console.log(`${process.argv}`);", false],
  ["import 'node:path';", false],
  ["console.log(Deno.version.deno);", false],
  ["await fetch('https://example.com');", false],
  ["enum Colour { Red = 'r' } console.log(`${Colour.Red}`);", true],
  ["enum Size { Small = 1, Large = Small << 2, Next } console.log(Size.Large, Size[Size.Next], Size[1]);", true],
  ["enum Colour { Red = 'r' + 1 } const all = Object.values(Colour); console.log(Colour.Red, all.length);", true],
  [
    "enum Size { Small, Large } const size: Size = Size.Large, names = ['s', 'l']; console.log(size + names[size]);",
    true,
  ],
  ["enum Size { Small = make() } console.log(Size.Small);", false],
  ["enum Size { Small } (Size as any).Small = {}; console.log(Size.Small);", false],
  ["enum Size { Small } Object.assign(Size, { Small: {} }); console.log(Size.Small);", false],
  ["enum Size { Small } console.log(Size);", false],
  ["enum Size { Small } const one: any = { Size }; one.Size.Small = {}; console.log(Size.Small);", false],
  ["const enum Colour { Red = 'r' } console.log(typeof Colour);", false], // It is compiled to an ordinary one.
  ["class A { constructor(private a: number) {} }", true],
  ["console.log(String(({} as any).__proto__ === undefined));", false], // It is undefined in Deno.
  ["console.log(Object.keys({ __proto__: null, a: 1 }).join());", true],
  ["namespace A { export const b = 1; }", false], // One with the word `module` is not compiled.
  ["@sealed class A {}", false],
  ["console.log(eval('1'));", false],
  ["console.log(globalThis['De' + 'no']);", false],
];

const surface = isolateFacts({ settings: {} }).surface?.("typescript");

Deno.test("[isolate] programs in JavaScript and TypeScript run only where all that they need is known, and is there", async () => {
  const analyser = new NeedAnalyser({ now: () => 0 });
  for (const [code, mayRun] of PROGRAMS) {
    const files = [
      { path: "main.ts", bytes: new TextEncoder().encode(code) },
      { path: "twice.ts", bytes: new TextEncoder().encode("export const twice = 2;") },
    ];
    const needs = await analyser.find({ entrypoint: "main.ts", files });
    assertEquals(fitOf(surface, needs).rejectedBecause === undefined, mayRun, code);
  }
  assertEquals(fitOf(surface, undefined).rejectedBecause?.code, "missing_capability");
});

import { assertEquals } from "@std/assert";
import { RUNTIMES } from "../../../src/runtimes/registry.ts";
import { fitOf } from "../../../src/runtimes/selection/fit.ts";
import { NeedAnalyser } from "../../../src/needs/mod.ts";
import { Confinement } from "../../../src/sandbox/confinement.ts";

/** Programs, and whether they may run where no `Deno` namespace is. */
const PROGRAMS: readonly [code: string, mayRun: boolean][] = [
  ["console.log([3, 1, 2].sort().join());", true],
  [
    'import { join } from "node:path"; console.log(`${join("a", "b")} ${process.argv}`, Buffer.from("x").length);',
    true,
  ],
  ["type Pair = [number, string]; const pair: Pair = [1, 'a']; console.log(pair.join());", true],
  ["console.log({ a: 1 });", false], // Each runtime shows objects in its own way.
  ["console.log(Deno.version.deno);", false],
  ["try { console.log(Deno.version); } catch {}", false],
  ["console.log(globalThis['De' + 'no']);", false],
  ["console.log(typeof Deno === 'undefined');", false],
  ["await fetch('https://example.com');", false],
  ['import { readFileSync } from "node:fs"; console.log(readFileSync("/etc/passwd"));', false],
  ['import chalk from "npm:chalk"; console.log(chalk);', false],
  ["enum Colour { Red } console.log(Colour.Red);", false],
  ["console.log(eval('1'));", false],
  ["const part = 'x'; await import('./' + part);", false],
];

/** Programs that use `Bun`, and whether they run where it is. */
const PROGRAMS_WITH_BUN: readonly [code: string, isForBun: boolean][] = [
  ["console.log(Bun.file('x'));", true],
  ["const run = () => Bun.version; console.log(run(), eval('1'));", true],
  ["import fs from 'node:fs'; console.log(Bun.version, fs);", true],
  ["console.log(Bun.version); import './part';", true],
  ["console.log(eval('1'), typeof Bun);", false],
  ["console.log(eval('1'), typeof Bun === 'object' ? Bun.version : Deno.version);", false],
];

for (const { facts, name } of RUNTIMES) {
  const { supportedEnvironments, surface } = facts({ confinement: Confinement.none(), settings: {} });
  if (["docker", "deno", "isolate"].includes(name) || !supportedEnvironments.includes("javascript")) continue;

  Deno.test(`[${name}] programs in JavaScript and TypeScript run only where what they need is known, and there`, async () => {
    const analyser = new NeedAnalyser({ now: () => 0 });
    for (const [code, mayRun] of PROGRAMS) {
      const files = [{ path: "main.ts", bytes: new TextEncoder().encode(code) }];
      const needs = await analyser.find({ entrypoint: "main.ts", files });
      assertEquals(fitOf(surface?.("javascript"), needs).rejectedBecause === undefined, mayRun, code);
    }
    for (const [code, isForBun] of PROGRAMS_WITH_BUN) {
      const files = [{ path: "main.ts", bytes: new TextEncoder().encode(code) }];
      const needs = await analyser.find({ entrypoint: "main.ts", files });
      assertEquals(
        fitOf(surface?.("javascript"), needs).rejectedBecause === undefined,
        isForBun && name === "bun",
        code,
      );
    }
    assertEquals(fitOf(surface?.("javascript"), undefined).rejectedBecause?.code, "missing_capability");
  });
}

Deno.test("[bun] programs in tsx and jsx that begin with Deno do not run, and others do", async () => {
  const { facts } = RUNTIMES.find(({ name }) => name === "bun") ?? {};
  const analyser = new NeedAnalyser({ now: () => 0 });
  for (const language of ["tsx", "jsx"]) {
    const surface = facts?.({ confinement: Confinement.none(), settings: {} }).surface?.(language);
    const fitFor = async (code: string) => {
      const entrypoint = `main.${language}`;
      const files = [{ path: entrypoint, bytes: new TextEncoder().encode(code) }];
      return fitOf(surface, await analyser.find({ entrypoint, files }), { isLastResort: true });
    };
    assertEquals((await fitFor("console.log(Deno.version);")).rejectedBecause?.code, "missing_capability");
    assertEquals((await fitFor("console.log(<b>{typeof Deno}</b>);")).grade, "lacks_some");
    assertEquals((await fitFor("console.log(<b>{Bun.version}</b>, eval('1'), import('npm:a'));")).grade, "unknown");
  }
});

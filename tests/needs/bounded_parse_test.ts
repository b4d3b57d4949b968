import { assert, assertEquals } from "@std/assert";
import { parser } from "@lezer/python";
import { BoundedParse } from "../../src/needs/bounded_parse.ts";
import { analyse } from "../../src/needs/analyse.ts";
import { familyOf } from "../../src/needs/families.ts";
import { parserFor } from "../../src/needs/javascript/parsers.ts";

const TEXT = "import a\n".repeat(2_000);

/** How often the clock was asked until the time was over, or that it never was, where so much passes between two questions. */
function questionsAt(msBetween: (question: number) => number): number | "parsed" {
  let [questions, time] = [0, 0];
  const bounded = new BoundedParse(2, () => time += msBetween(questions++));
  return bounded.parse(parser, TEXT) === undefined ? questions : "parsed";
}

Deno.test("BoundedParse ends when its own time is over", () => {
  assertEquals(questionsAt(() => 0.25), 10);
  assertEquals(questionsAt(() => 0.0001), "parsed");
});

Deno.test("BoundedParse counts little of the time in which another process has the processor, and ends in any case", () => {
  assertEquals(questionsAt((question) => question === 3 ? 9 : 0), "parsed");
  assertEquals(questionsAt(() => 3), 5);
  assertEquals(questionsAt(() => 11), 2);
});

Deno.test("BoundedParse counts the steps that take ms where the clock is read after each", () => {
  let [questions, time] = [0, 0];
  const readings = { stepsBetween: 1, maxCountedMs: 10 };
  const bounded = new BoundedParse(30, () => time += questions++ < 2 ? 50 : 4, readings);
  assertEquals(bounded.parse(parser, TEXT), undefined);
  assertEquals(questions, 8); // One as it begins, one that counts 10 ms of 50, and six of 4 ms until less than none is left.
});

Deno.test("BoundedParse gives the files of a program one time together", () => {
  let time = 0;
  const bounded = new BoundedParse(2, () => time += 0.001);
  let parsed = 0;
  while (parsed < 1_000 && bounded.parse(parser, TEXT) !== undefined) parsed++;
  assert(parsed > 0 && parsed < 1_000, String(parsed));
});

Deno.test("BoundedParse stops in the middle of hostile texts", () => {
  for (const part of ["[", "(", "{", "`${", "a<", "a=>", "a[b](", "class A{constructor("]) {
    let looks = 0;
    const bounded = new BoundedParse(2, () => looks++ === 0 ? 0 : 2_000); // The time is over at the second look.
    const text = `import "a";${part.repeat(60_000 / part.length)}`;
    assertEquals([part, bounded.parse(parserFor({ path: "main.ts" }), text), looks], [part, undefined, 2]);
  }
});

/** A clock by which the time is over after so many questions, 16 steps of a parser after one another. */
function clockOf(questions: number): () => number {
  let time = 0;
  return () => time++ < questions ? 0 : time;
}

Deno.test("BoundedParse takes the beginning that it has read where that is wanted, and none when the time was over before", () => {
  for (const text of [TEXT, "(".repeat(20_000), "if a:\n ".repeat(2_000), "f(a, ".repeat(9_000)]) {
    let time = 0;
    const bounded = new BoundedParse(2, () => time += 0.4);
    const parsed = bounded.parse(parser, text, { takesBeginning: true });
    assert(parsed !== undefined && parsed.length > 0 && parsed.length < text.length, text.slice(0, 8));
    assertEquals(bounded.parse(parser, "a", { takesBeginning: true }), undefined);
  }
});

const BLOCKS = [
  "try:",
  "if a:",
  "if a:\n  b\nelse:",
  "def f():",
  "class A:",
  "with a:",
  "while a:",
  "for a in b:",
  "@a\nclass B:",
];

Deno.test("find() is certain of nothing in the beginning of a program that it is not certain of in the whole", async () => {
  const family = familyOf("main.py");
  assert(family !== undefined);
  const reader = await family.load();
  for (
    const block of [...BLOCKS, "try:\n  a\nexcept B:", "match a:\n  case b:", "async def f():", "if a: b; c\nelif d:"]
  ) {
    const text =
      `import json\n${block}\n  x = [1, {2: 3}, (4, 5)]\n  import numpy\n  y = "a" + f"{x!r}"\n\nimport pandas as pd\n`;
    for (let questions = 1; questions < 24; questions++) {
      const texts = [{ path: "main.py", text }];
      const bounded = new BoundedParse(2, clockOf(questions));
      const needs = analyse({ entrypoint: "main.py", files: texts, texts }, {
        family,
        reader,
        bounded,
        isBeginning: true,
      });
      const certain = needs?.uses.filter((use) => use.certain).map(({ name }) => name) ?? [];
      assert(!certain.includes("numpy"), `${block} ${questions} ${JSON.stringify(needs)}`);
    }
  }
});

import { assert, assertEquals } from "@std/assert";
import { parser } from "@lezer/python";
import { BoundedParse } from "../../src/needs/bounded_parse.ts";

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
  assertEquals(questionsAt((question) => question % 1_000 === 3 ? 30 : 0), "parsed");
  const paused = questionsAt(() => 30);
  assert(paused !== "parsed" && paused <= 6, String(paused));
  assertEquals(questionsAt(() => 101), 2);
});

Deno.test("BoundedParse gives the files of a program one time together", () => {
  let time = 0;
  const bounded = new BoundedParse(2, () => time += 0.001);
  let parsed = 0;
  while (parsed < 1_000 && bounded.parse(parser, TEXT) !== undefined) parsed++;
  assert(parsed > 0 && parsed < 1_000, String(parsed));
});

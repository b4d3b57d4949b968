import { AssertionError } from "node:assert";
import { assertEquals } from "@std/assert";
import { assertPrintsJson, assertPrintsText } from "./printed.ts";

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === AssertionError.name) return false;
    throw error;
  }
}

for (
  const [printed, expected, isSame] of [
    ['{"a":1}', '{"a":1}', true],
    ['{"a":1}', '{"a":2}', false],
    ['{"a":1,"b":2}', '{"a":1}', false],
    ['{"a":1,"b":2}', '{"a":1,"…":"…"}', true],
    ['{"b":2}', '{"a":1,"…":"…"}', false],
    ['{"id":"exec_1"}', '{"id":"exec_2"}', true],
    ['{"id":1}', '{"id":"exec_2"}', false],
    ['{"cpuMs":null}', '{"cpuMs":3}', true],
    ['{"cpuMs":"3"}', '{"cpuMs":3}', false],
    ['{"a":"x.y.z"}', '{"a":"x.…z"}', true],
    ['{"a":"xyz"}', '{"a":"x.…z"}', false],
    ["[1,2,3]", '[1,"…"]', true],
    ["[1,2,3]", "[1,2]", false],
    ["[2]", '[1,"…"]', false],
    ["[1,2,3,4]", '[1,"…",4]', true],
    ["[1,4]", '[1,"…",4]', true],
    ["[1]", '[1,"…",4]', false],
    ["[1,4,5]", '[1,"…",4]', false],
    ['[{"score":1.5}]', '[{"score":2}]', true],
  ] as const
) {
  Deno.test(`assertPrintsJson() takes ${printed} ${isSame ? "" : "not "}for ${expected}`, () => {
    assertEquals(holds(() => assertPrintsJson(printed, expected)), isSame);
  });
}

for (
  const [printed, expected, isSame] of [
    ["a\nb\n", "a\nb\n", true],
    ["a\nb\n", "a\n", false],
    ["a   b\n", "a  b\n", true],
    ["  a\n", "a\n", false],
    ["id exec_12, x\n", "id exec_…, x\n", true],
    ["id exec_12\nx\n", "id exec_…x\n", false],
    ["a\nb\nc\nd\n", "a\n…\nd\n", true],
    ["a\nd\n", "a\n…\nd\n", true],
    ["a\nb\nc\n", "a\n…\nd\n", false],
    ["a.b\n", "axb\n", false],
    ["a\n", "a\n…\n", true],
    ["ab\nc\n", "a\n…\n", false],
  ] as const
) {
  Deno.test(`assertPrintsText() takes ${JSON.stringify(printed)} ${isSame ? "" : "not "}for ${JSON.stringify(expected)}`, () => {
    assertEquals(holds(() => assertPrintsText(printed, expected)), isSame);
  });
}

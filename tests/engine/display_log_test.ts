import { assertEquals } from "@std/assert";
import { DisplayLog } from "../../src/engine/display_log.ts";

/** A display of so many bytes of JSON. */
function displayOf(bytes: number): { readonly "text/plain": string } {
  return { "text/plain": "x".repeat(bytes - '{"text/plain":""}'.length) };
}

/** The indices of what is kept. */
function kept(log: DisplayLog): number[] {
  const indices: number[] = [];
  for (let next = log.from(0); next !== undefined; next = log.from(next.index + 1)) indices.push(next.index);
  return indices;
}

Deno.test("DisplayLog keeps the first and the last displays within its bound, and counts all", () => {
  const log = new DisplayLog(200);
  assertEquals([log.seen, kept(log)], [0, []]);
  for (let count = 0; count < 4; count++) log.push(displayOf(50));
  assertEquals([log.seen, kept(log)], [4, [0, 1, 2, 3]]);
  for (let count = 0; count < 6; count++) log.push(displayOf(50));
  assertEquals([log.seen, kept(log)], [10, [0, 1, 8, 9]]);
  assertEquals([log.from(5)?.index, log.from(9)?.index, log.from(10)], [8, 9, undefined]);
});

Deno.test("DisplayLog counts a display that is longer than half of its bound, and keeps what is around it", () => {
  const log = new DisplayLog(200);
  log.push(displayOf(60));
  log.push(displayOf(101));
  assertEquals([log.seen, kept(log)], [2, [0]]);
  log.push(displayOf(30));
  assertEquals([log.seen, kept(log)], [3, [0, 2]]);
  const none = new DisplayLog(0);
  none.push(displayOf(20));
  assertEquals([none.seen, kept(none)], [1, []]);
});

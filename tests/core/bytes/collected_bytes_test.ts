import { assertEquals } from "@std/assert";
import { CollectedBytes } from "../../../src/core/bytes/collected_bytes.ts";

Deno.test("CollectedBytes holds what was pushed, and nothing of the buffers that it came in", () => {
  const collected = new CollectedBytes(7_500);
  for (let count = 0; count < 5_000; count++) collected.push(new Uint8Array(65_536).fill(count, 0, 1).subarray(0, 1));
  assertEquals(collected.heldBytes <= 7_500, true);
  const taken = collected.take();
  assertEquals([taken.length, taken[300], taken.buffer.byteLength <= 7_500], [5_000, 300 % 256, true]);
  assertEquals([collected.heldBytes, collected.take().length], [0, 0]);
});

Deno.test("CollectedBytes takes nothing of what is beyond its bound", () => {
  const collected = new CollectedBytes(3);
  assertEquals([collected.push(new Uint8Array([1, 2])), collected.push(new Uint8Array([3, 4]))], [true, false]);
  assertEquals(collected.push(new Uint8Array([5])), true);
  assertEquals(collected.take(), new Uint8Array([1, 2, 5]));
});

import { assertEquals } from "@std/assert";
import { UNSEEN_DISK } from "../../../../src/runtimes/docker/program/ending.ts";
import { LastWords } from "../../../../src/runtimes/docker/program/last_words.ts";

const ENDED = "ended 7 0 0 0 5000000 - 3".split(" ");
const HELD = { isFull: false, usage: { bytes: 4096, files: 1 } };

Deno.test("LastWords are complete with the ends of both streams, where the disk is seen", () => {
  const words = new LastWords(() => HELD);
  const counts = { cpuNs: 5_000_000, peakMemoryBytes: null, unrouted: 3 };
  assertEquals([words.take(ENDED), words.areComplete, words.disk], [counts, false, UNSEEN_DISK]);
  assertEquals([words.take(ENDED), words.areComplete, words.disk], [counts, true, HELD]);
  assertEquals(words.ending?.status, 7);
});

Deno.test("LastWords wait for the launcher's look where nobody else sees the disk", () => {
  const words = new LastWords(() => undefined);
  words.take(ENDED);
  words.take(ENDED);
  assertEquals([words.hasEnded, words.areComplete, words.disk], [true, false, UNSEEN_DISK]);
  assertEquals(words.take(["disk", "0", "4096", "1"]), undefined);
  assertEquals([words.areComplete, words.disk], [true, HELD]);
});

Deno.test("LastWords take no notice of what no launcher says", () => {
  const words = new LastWords(() => HELD);
  for (const said of [[], ["launched", "7"], ["ended", "256", "0", "0", "0"]]) {
    assertEquals(words.take(said), undefined);
  }
  assertEquals([words.ending, words.areComplete], [undefined, false]);
});

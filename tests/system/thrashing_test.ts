import { assertEquals } from "@std/assert";
import { MEBIBYTE } from "../../src/core/limits.ts";
import type { CgroupMemory } from "../../src/system/cgroup.ts";
import { Thrashing } from "../../src/system/thrashing.ts";

/** What looks 20 ms apart find, in MiB: [anonymous, cached, read again, shared]. */
type Found = readonly [anonymous: number, cached: number, reread: number, shared?: number];

/** The first look, by its number, that finds thrashing; -1 when none does. */
function firstSeen(found: readonly Found[], intervalMs = 20): number {
  const thrashing = new Thrashing();
  return found.findIndex(([anonymous, cached, reread, shared = 0], index) => {
    const memory: CgroupMemory = {
      anonymousBytes: anonymous * MEBIBYTE,
      sharedBytes: shared * MEBIBYTE,
      cachedBytes: cached * MEBIBYTE,
      rereadBytes: reread * MEBIBYTE,
    };
    return thrashing.isSeen(memory, 5_000 + index * intervalMs);
  });
}

/** Looks of which each finds this much more read again. */
function rereading(perLook: number, found: Omit<Found, 2>, looks = 50): Found[] {
  return Array.from(
    { length: looks },
    (_, index) => [found[0] ?? 0, found[1] ?? 0, 64 + index * perLook, found[3] ?? 0],
  );
}

Deno.test("Thrashing is seen where the copies of files have hardly any room and are read again and again", () => {
  assertEquals(firstSeen(rereading(10, [187, 2])), 4);
  assertEquals(firstSeen(rereading(10, [60, 2, 0, 120])), 4);
  assertEquals(firstSeen(rereading(2, [187, 2]), 100), 27);
});

Deno.test("Thrashing is not seen in memory that is full and left alone, or read again slowly", () => {
  assertEquals(firstSeen(rereading(0, [191, 0])), -1);
  assertEquals(firstSeen(rereading(0.1, [191, 0], 2_000)), -1);
});

Deno.test("Thrashing is not seen while copies have room, and that a program begins is none", () => {
  assertEquals(firstSeen(rereading(10, [100, 40])), -1);
  assertEquals(firstSeen([[2, 0, 0], [3, 30, 30], [35, 64, 64], [170, 64, 64], [490, 10, 64], [490, 10, 64]]), -1);
});

Deno.test("Thrashing that was before the first look is not held against what is looked at now", () => {
  assertEquals(firstSeen([[187, 2, 90_000], [187, 2, 90_001]]), -1);
});

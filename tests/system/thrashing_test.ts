import { assertEquals } from "@std/assert";
import { MEBIBYTE } from "../../src/core/limits.ts";
import { Thrashing } from "../../src/system/thrashing.ts";

/** What a look finds, in MiB. */
interface Found {
  readonly anonymous: number;
  readonly cached: number;
  readonly reread: number;
  readonly shared?: number;
}

/** The first of looks that finds thrashing, by its number; -1 when none does. */
function firstSeen(looks: readonly Found[], intervalMs = 20): number {
  const thrashing = new Thrashing();
  return looks.findIndex(({ anonymous, cached, reread, shared = 0 }, index) =>
    thrashing.isSeen({
      anonymousBytes: anonymous * MEBIBYTE,
      sharedBytes: shared * MEBIBYTE,
      cachedBytes: cached * MEBIBYTE,
      rereadBytes: reread * MEBIBYTE,
    }, 5_000 + index * intervalMs)
  );
}

/** Looks of which each finds the same, and this much more read again. */
function rereading(perLook: number, found: Omit<Found, "reread">, looks = 50): Found[] {
  return Array.from({ length: looks }, (_, index) => ({ ...found, reread: 64 + index * perLook }));
}

Deno.test("Thrashing is seen where the copies of files have hardly any room and are read again and again", () => {
  assertEquals(firstSeen(rereading(10, { anonymous: 187, cached: 2 })), 4);
  assertEquals(firstSeen(rereading(10, { anonymous: 60, cached: 2, shared: 120 })), 4);
  assertEquals(firstSeen(rereading(2, { anonymous: 187, cached: 2 }), 100), 27);
});

Deno.test("Thrashing is not seen in memory that is full and left alone, or read again slowly", () => {
  assertEquals(firstSeen(rereading(0, { anonymous: 191, cached: 0 })), -1);
  assertEquals(firstSeen(rereading(0.1, { anonymous: 191, cached: 0 }, 2_000)), -1);
});

Deno.test("Thrashing is not seen while copies have room, and that a program begins is none", () => {
  assertEquals(firstSeen(rereading(10, { anonymous: 100, cached: 40 })), -1);
  assertEquals(
    firstSeen([
      { anonymous: 2, cached: 0, reread: 0 },
      { anonymous: 3, cached: 30, reread: 30 },
      { anonymous: 35, cached: 64, reread: 64 },
      { anonymous: 490, cached: 10, reread: 64 },
      { anonymous: 490, cached: 10, reread: 64 },
    ]),
    -1,
  );
});

Deno.test("Thrashing that was before the first look is not held against what is looked at now", () => {
  const held = { anonymous: 187, cached: 2 };
  assertEquals(firstSeen([{ ...held, reread: 90_000 }, { ...held, reread: 90_001 }]), -1);
});

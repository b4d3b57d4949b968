import { assertEquals } from "@std/assert";
import { MEBIBYTE } from "../../src/core/limits.ts";
import { Thrashing } from "../../src/sandbox/thrashing.ts";

/** What a look finds, in MiB. */
interface Found {
  readonly anonymous: number;
  readonly cached: number;
  readonly reread: number;
  /** Major faults. */
  readonly faults: number;
  readonly shared?: number;
}

/** The first of looks that finds thrashing, by its number; -1 when none does. */
function firstSeen(looks: readonly Found[], intervalMs = 20): number {
  const thrashing = new Thrashing();
  return looks.findIndex(({ anonymous, cached, faults, reread, shared = 0 }, index) =>
    thrashing.isSeen({
      anonymousBytes: anonymous * MEBIBYTE,
      sharedBytes: shared * MEBIBYTE,
      cachedBytes: cached * MEBIBYTE,
      rereadBytes: reread * MEBIBYTE,
      majorFaults: faults,
    }, 5_000 + index * intervalMs)
  );
}

/** Looks of which each finds the same, and so much more read again with so many faults. */
function rereading(
  { reread, faults }: Pick<Found, "reread" | "faults">,
  found: Omit<Found, "reread" | "faults">,
  looks = 50,
): Found[] {
  return Array.from({ length: looks }, (_, index) => ({
    ...found,
    reread: 64 + index * reread,
    faults: 40 + index * faults,
  }));
}

Deno.test("Thrashing is seen where copies of code have hardly any room and are waited for again and again", () => {
  assertEquals(firstSeen(rereading({ reread: 10, faults: 3 }, { anonymous: 187, cached: 2 })), 6);
  assertEquals(firstSeen(rereading({ reread: 10, faults: 3 }, { anonymous: 60, cached: 2, shared: 120 })), 6);
  assertEquals(firstSeen(rereading({ reread: 2, faults: 3 }, { anonymous: 187, cached: 2 }, 100)), 6);
});

Deno.test("Thrashing is not seen in memory that is full and left alone, or waited for now and then", () => {
  const full = { anonymous: 191, cached: 0 };
  assertEquals(firstSeen(rereading({ reread: 0, faults: 0 }, full)), -1);
  assertEquals(firstSeen(rereading({ reread: 1, faults: 0.15 }, full, 2_000)), -1);
});

Deno.test("Thrashing is not seen of files that are read and not run, nor of code that is read for the first time", () => {
  const full = { anonymous: 231, cached: 15 };
  assertEquals(firstSeen(rereading({ reread: 20, faults: 0 }, full)), -1);
  assertEquals(firstSeen(rereading({ reread: 0, faults: 20 }, full)), -1);
});

Deno.test("Thrashing is not seen while copies have room, and that a program begins is none", () => {
  assertEquals(firstSeen(rereading({ reread: 10, faults: 20 }, { anonymous: 100, cached: 40 })), -1);
  assertEquals(
    firstSeen([
      { anonymous: 2, cached: 0, reread: 0, faults: 0 },
      { anonymous: 3, cached: 30, reread: 30, faults: 30 },
      { anonymous: 35, cached: 64, reread: 64, faults: 46 },
      { anonymous: 490, cached: 10, reread: 64, faults: 46 },
      { anonymous: 490, cached: 10, reread: 64, faults: 46 },
    ]),
    -1,
  );
});

Deno.test("Thrashing that was before the first look is not held against what is looked at now", () => {
  const held = { anonymous: 187, cached: 2 };
  assertEquals(firstSeen([{ ...held, reread: 90_000, faults: 9_000 }, { ...held, reread: 90_001, faults: 9_001 }]), -1);
});

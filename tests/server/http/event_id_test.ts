import { assert, assertEquals } from "@std/assert";
import { MAX_DISPLAYS } from "../../../src/core/answers/vocabulary.ts";
import { decodeEventId, encodeEventId } from "../../../src/server/http/event_id.ts";

const LENGTHS = [0, 1, 2, 3, 7, 100, 65_535, 1_048_576, 67_108_863, 4_294_967_296];
const COUNTS = [0, 1, 2, MAX_DISPLAYS];

Deno.test("encodeEventId() and decodeEventId() are each other's inverse", () => {
  for (const stdout of LENGTHS) {
    for (const stderr of LENGTHS) {
      for (const displays of COUNTS) {
        for (const isEnd of [false, true]) {
          const mark = { position: { stdout, stderr, displays }, isEnd };
          assertEquals(decodeEventId(BigInt(encodeEventId(mark))), mark);
        }
      }
    }
  }
});

Deno.test("encodeEventId() grows with each part, and with the end", () => {
  const idOf = (stdout: number, stderr: number, displays: number, isEnd = false) =>
    BigInt(encodeEventId({ position: { stdout, stderr, displays }, isEnd }));
  for (const stdout of LENGTHS) {
    for (const stderr of LENGTHS) {
      for (const displays of COUNTS) {
        const id = idOf(stdout, stderr, displays);
        assert(idOf(stdout + 1, stderr, displays) > id);
        assert(idOf(stdout, stderr + 1, displays) > id);
        assert(idOf(stdout, stderr, displays, true) > id);
        if (displays < MAX_DISPLAYS) assert(idOf(stdout, stderr, displays + 1) > id);
      }
    }
  }
});

Deno.test("encodeEventId() begins at 1, and stays a safe integer for the default limit of all output", () => {
  assertEquals(encodeEventId({ position: { stdout: 0, stderr: 0, displays: 0 }, isEnd: false }), "1");
  const most = { stdout: 33_500_000, stderr: 33_500_000, displays: 0 };
  assert(BigInt(encodeEventId({ position: most, isEnd: true })) <= BigInt(Number.MAX_SAFE_INTEGER));
  const cell = { stdout: 1_000_000, stderr: 1_000_000, displays: MAX_DISPLAYS };
  assert(BigInt(encodeEventId({ position: cell, isEnd: true })) <= BigInt(Number.MAX_SAFE_INTEGER));
});

Deno.test("decodeEventId() takes any integer, and 0 as the position before the first event", () => {
  assertEquals(decodeEventId(0n), undefined);
  for (const id of [5n, 10n ** 15n, 10n ** 29n, 123_456_789_012_345_678_901_234_567n]) {
    const mark = decodeEventId(id);
    assert(mark !== undefined);
    assertEquals(BigInt(encodeEventId(mark)), id);
  }
});

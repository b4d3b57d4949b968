import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { DiskRoom } from "../../src/workspace/disk_room.ts";

const BOUNDS = { bytes: 12_097_152, files: 100 };

/** A directory that holds what its test says. */
function directoryOf(used: { bytes: number; files: number }, { isBounded = false } = {}) {
  let looks = 0;
  const usage = () => Promise.resolve((looks++, { ...used }));
  return { directory: { bounds: BOUNDS, isBounded, usage }, looks: () => looks };
}

function assertFull(work: () => Promise<void>): Promise<unknown> {
  return assertRejects(work, CodeBeakerError, "at most 6 MB (its limit diskMb)");
}

Deno.test("DiskRoom refuses what would not fit, however small the parts are", async () => {
  const used = { bytes: 0, files: 0 };
  const room = new DiskRoom(directoryOf(used).directory, 6);
  for (let index = 0; index < 10; index++) {
    await room.take(990_000);
    used.bytes += 990_000;
  }
  await assertFull(() => room.take(200_000));
  await room.take(90_000);
  used.bytes = 0;
  await room.take(9_000_000);
});

Deno.test("DiskRoom counts files that are empty too", async () => {
  const used = { bytes: 0, files: 99 };
  const room = new DiskRoom(directoryOf(used).directory, 6);
  await room.take(2_000_000);
  used.files++;
  await assertFull(() => room.take(2_000_000));
});

Deno.test("DiskRoom looks at what is there once in a mebibyte, and at every call where the kernel counts", async () => {
  const watched = directoryOf({ bytes: 0, files: 0 });
  const room = new DiskRoom(watched.directory, 6);
  for (let index = 0; index < 4_000; index++) await room.take(1_000);
  assertEquals(watched.looks(), 3);
  const bounded = directoryOf({ bytes: 0, files: 0 }, { isBounded: true });
  const exact = new DiskRoom(bounded.directory, 6);
  for (let index = 0; index < 4; index++) await exact.take(1_000);
  assertEquals(bounded.looks(), 4);
});

Deno.test("DiskRoom.explain() tells a workspace that is full from a machine that is", () => {
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  const told = (isBounded: boolean) => {
    const error = new DiskRoom(directoryOf({ bytes: 0, files: 0 }, { isBounded }).directory, 6).explain(full, "a.txt");
    return error instanceof CodeBeakerError ? error.code : error;
  };
  assertEquals([told(true), told(false)], ["too_large", "runtime_unavailable"]);
});

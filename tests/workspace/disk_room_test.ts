import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { DiskRoom } from "../../src/workspace/disk_room.ts";

const BOUNDS = { bytes: 12_097_152, files: 100 };
const CEILING = { bytes: 14_000_000, files: 120 };

/** A directory of a given usage, and what writes into it. */
function directoryOf(used: { bytes: number; files: number }, { isBounded = false } = {}) {
  let looks = 0;
  const usage = () => Promise.resolve((looks++, { ...used }));
  const admitCode = () => Promise.resolve();
  const room = new DiskRoom({ admitCode, bounds: BOUNDS, ceiling: CEILING, isBounded, usage }, 6);
  const write = (bytes: number, options?: { readonly isProgram: boolean }) =>
    room.write(bytes, () => void (used.bytes += bytes), options);
  return { room, write, looks: () => looks };
}

function assertFull(work: () => Promise<void>): Promise<unknown> {
  return assertRejects(work, CodeBeakerError, "at most 6 MB (its limit diskMb)");
}

Deno.test("DiskRoom refuses what would not fit, however small the parts are", async () => {
  const used = { bytes: 0, files: 0 };
  const { write } = directoryOf(used);
  for (let index = 0; index < 10; index++) await write(990_000);
  await assertFull(() => write(200_000));
  await write(90_000);
  used.bytes = 0;
  await write(9_000_000);
});

for (const isBounded of [true, false]) {
  const how = isBounded ? "the kernel counts" : "it counts itself";
  Deno.test(`DiskRoom lets no writes at the same time pass its bound together, where ${how}`, async () => {
    const used = { bytes: 0, files: 0 };
    const { write } = directoryOf(used, { isBounded });
    const ended = await Promise.allSettled(Array.from({ length: 9 }, () => write(3_000_000)));
    assertEquals([ended.filter(({ status }) => status === "fulfilled").length, used.bytes], [3, 9_000_000]);
  });

  Deno.test(`DiskRoom has room for the code of a program when it is full, up to a ceiling, where ${how}`, async () => {
    const used = { bytes: 0, files: 0 };
    const { write } = directoryOf(used, { isBounded });
    await assertFull(() => write(BOUNDS.bytes));
    await write(10_000_000);
    await assertFull(() => write(100_000));
    used.bytes = BOUNDS.bytes + 1;
    await write(1_000_000, { isProgram: true });
    await assertFull(() => write(1_000_000, { isProgram: true }));
    await assertFull(() => write(1));
  });
}

Deno.test("DiskRoom counts files that are empty too, and has room for a program's", async () => {
  const used = { bytes: 0, files: 35 };
  const { write } = directoryOf(used);
  await write(2_000_000);
  used.files++;
  await assertFull(() => write(2_000_000));
  await write(2_000_000, { isProgram: true });
  used.files = CEILING.files;
  await assertFull(() => write(2_000_000, { isProgram: true }));
});

Deno.test("DiskRoom measures the directory once in a mebibyte, and at every call where the kernel counts", async () => {
  const watched = directoryOf({ bytes: 0, files: 0 });
  for (let index = 0; index < 4_000; index++) await watched.write(1_000);
  assertEquals(watched.looks(), 3);
  const bounded = directoryOf({ bytes: 0, files: 0 }, { isBounded: true });
  for (let index = 0; index < 4; index++) await bounded.write(1_000);
  assertEquals(bounded.looks(), 4);
});

Deno.test("DiskRoom.explain() tells a workspace that is full from a machine that is", () => {
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  const told = (isBounded: boolean) => {
    const error = directoryOf({ bytes: 0, files: 0 }, { isBounded }).room.explain(full, "a.txt");
    return error instanceof CodeBeakerError ? error.code : error;
  };
  assertEquals([told(true), told(false)], ["too_large", "runtime_unavailable"]);
});

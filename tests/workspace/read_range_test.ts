import { assertEquals } from "@std/assert";
import * as fs from "node:fs";
import { concatBytes } from "../../src/core/bytes/bytes.ts";
import { type ByteRange, readRange, streamRange } from "../../src/workspace/read_range.ts";

const SIZE = 200_000;
const CONTENT = Uint8Array.from({ length: SIZE }, (_, index) => index % 251);

async function withFile(test: (open: () => number) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, CONTENT);
  const before = countDescriptors();
  try {
    await test(() => fs.openSync(path, "r"));
    assertEquals(countDescriptors(), before);
  } finally {
    await Deno.remove(path);
  }
}

function countDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

const PARTS: readonly ByteRange[] = [
  { offset: 0, length: SIZE },
  { offset: 0, length: 0 },
  { offset: 1, length: 1 },
  { offset: 65_535, length: 65_538 },
  { offset: SIZE - 1, length: 1 },
];

Deno.test("streamRange() gives the bytes that there are, and closes the file", () =>
  withFile(async (open) => {
    const beyond = [{ offset: 100, length: Infinity }, { offset: SIZE, length: 5 }, { offset: 2 ** 52, length: 1 }];
    for (const range of [...PARTS, ...beyond]) {
      const bytes = concatBytes(await Array.fromAsync(streamRange(open(), { ...range, path: "f" })));
      assertEquals(bytes, CONTENT.slice(range.offset, range.offset + range.length));
    }
  }));

Deno.test("streamRange() that is cancelled closes the file, while it reads or not", () =>
  withFile(async (open) => {
    for (let chunks = 0; chunks < 5; chunks++) {
      const reader = streamRange(open(), { offset: 0, length: SIZE, path: "f" }).getReader();
      for (let count = 0; count < chunks; count++) await reader.read();
      await reader.cancel();
    }
    for (let round = 0; round < 50; round++) {
      const reader = streamRange(open(), { offset: 0, length: SIZE, path: "f" }).getReader();
      const reading = reader.read();
      await reader.cancel();
      await reading;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }));

Deno.test("readRange() fills up with zeros what a file does not have", () =>
  withFile(async (open) => {
    const fd = open();
    for (const range of [...PARTS, { offset: SIZE - 10, length: 100_000 }, { offset: SIZE + 9, length: 9 }]) {
      const bytes = concatBytes(await Array.fromAsync(readRange(fd, range)));
      const expected = new Uint8Array(range.length);
      expected.set(CONTENT.slice(range.offset, range.offset + range.length));
      assertEquals(bytes, expected);
    }
    fs.closeSync(fd);
  }));

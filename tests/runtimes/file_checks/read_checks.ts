import { assertEquals } from "@std/assert";
import type { WorkspaceFiles } from "../../../src/runtimes/port.ts";
import { assertRefused, encode, type FileChecks, readText } from "./bench.ts";

/** What `read` gives. */
export const READ_CHECKS: FileChecks = {
  async "read() gives a whole file, or a part of it"({ files }) {
    await files.write("f", encode("0123456789"));
    assertEquals(await readText(files, "f"), "0123456789");
    assertEquals(await readText(files, "f", { offset: 7 }), "789");
    assertEquals(await readText(files, "f", { length: 3 }), "012");
    assertEquals(await readText(files, "f", { offset: 2, length: 3 }), "234");
    assertEquals(await readText(files, "f", { offset: 8, length: 99 }), "89");
    assertEquals(await readText(files, "f", { offset: 9, length: 1 }), "9");
  },

  async "read() gives nothing beyond the end, for a length of 0 and of an empty file"({ files }) {
    await files.write("f", encode("0123456789"));
    await files.write("empty", encode(""));
    assertEquals(await readText(files, "f", { offset: 10 }), "");
    assertEquals(await readText(files, "f", { offset: Number.MAX_SAFE_INTEGER }), "");
    assertEquals(await readText(files, "f", { length: 0 }), "");
    assertEquals(await readText(files, "f", { offset: 3, length: 0 }), "");
    assertEquals(await readText(files, "empty"), "");
    assertEquals(await readText(files, "empty", { offset: 1, length: 1 }), "");
  },

  async "read() and write() keep every byte"({ files }) {
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    await files.write("every", every);
    assertEquals(await readBytes(files, "every"), every);
    assertEquals(await readBytes(files, "every", { offset: 10, length: 3 }), new Uint8Array([10, 11, 12]));
    await files.write("ends", encode("\n\n\0\n"));
    assertEquals(await readText(files, "ends"), "\n\n\0\n");
  },

  async "read() and write() keep 5 MB exactly, and parts of them"({ files }) {
    const large = makeNoise(5_000_001);
    await files.write("large", large);
    assertEquals((await files.stat("large")).size, large.length);
    assertEquals(await digest(await readBytes(files, "large")), await digest(large));
    const part = await readBytes(files, "large", { offset: 1_234_567, length: 2_345_678 });
    assertEquals(await digest(part), await digest(large.slice(1_234_567, 1_234_567 + 2_345_678)));
    await (await files.read("large")).cancel();
    assertEquals(await readText(files, "large", { offset: 5_000_001 }), "");
  },

  async "read() refuses a directory, whatever part is asked for, and what is missing"({ files }) {
    await files.write("d/file", encode(""));
    await assertRefused("invalid_request", {
      "a directory": () => files.read("d"),
      "nothing of a directory": () => files.read("d", { length: 0 }),
      "the workspace": () => files.read("."),
      "through a file": () => files.read("d/file/x"),
    });
    await assertRefused("not_found", {
      missing: () => files.read("d/missing"),
      "nothing of what is missing": () => files.read("d/missing", { length: 0 }),
      "below what is missing": () => files.read("missing/x"),
    });
  },

  async "no operation waits for a pipe"({ files, plant }) {
    await files.write("f", encode("f"));
    await plant("mkfifo pipe; mkdir d; mkfifo d/pipe");
    await assertRefused("invalid_request", {
      read: () => files.read("pipe"),
      "read nothing": () => files.read("pipe", { length: 0 }),
      "read below": () => files.read("pipe/x"),
      write: () => files.write("pipe", encode("x")),
      append: () => files.write("pipe", encode("x"), "append"),
      "write below": () => files.write("pipe/x", encode("x")),
      list: () => files.list("pipe"),
      "copy from": () => files.copy("pipe", "copied"),
      "copy to": () => files.copy("f", "pipe"),
      "copy in a tree": () => files.copy("d", "e"),
    });
    await files.move("pipe", "moved");
    await files.delete("moved");
    await files.delete("d", { recursive: true });
  },
};

async function readBytes(
  files: WorkspaceFiles,
  path: string,
  options: { readonly offset?: number; readonly length?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(await files.read(path, options)).bytes();
}

/** Bytes that repeat nowhere near, the same each time (a linear congruential generator). */
function makeNoise(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

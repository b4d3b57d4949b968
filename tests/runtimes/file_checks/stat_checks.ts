import { assert, assertEquals } from "@std/assert";
import type { FileEntry } from "../../../src/core/files.ts";
import { assertRefused, encode, type FileChecks } from "./bench.ts";

/** What `stat` tells. */
export const STAT_CHECKS: FileChecks = {
  async "stat() tells a file, a directory, a symlink and a pipe"({ files, plant }) {
    await files.write("d/file.txt", encode("12345"));
    await plant("ln -s d/file.txt link; mkfifo pipe");
    const seen = async (path: string) => untimed(await files.stat(path));
    assertEquals(await seen("d/file.txt"), { name: "file.txt", path: "d/file.txt", type: "file", size: 5 });
    assertEquals(await seen("d"), { name: "d", path: "d", type: "directory", size: 0 });
    assertEquals(await seen("link"), { name: "link", path: "link", type: "symlink", size: 0 });
    assertEquals(await seen("pipe"), { name: "pipe", path: "pipe", type: "other", size: 0 });
    assertEquals(await seen("."), { name: ".", path: ".", type: "directory", size: 0 });
  },

  async "stat() tells what a symlink points to with follow, under the path that was asked"({ files, plant }) {
    await files.write("d/file.txt", encode("12345"));
    await plant("ln -s d/file.txt link; ln -s d way; ln -s /workspace all; ln -s link chain");
    const seen = async (path: string) => untimed(await files.stat(path, { follow: true }));
    assertEquals(await seen("link"), { name: "link", path: "link", type: "file", size: 5 });
    assertEquals(await seen("chain"), { name: "chain", path: "chain", type: "file", size: 5 });
    assertEquals(await seen("way"), { name: "way", path: "way", type: "directory", size: 0 });
    assertEquals(await seen("all"), { name: "all", path: "all", type: "directory", size: 0 });
    assertEquals(await seen("way/file.txt"), { name: "file.txt", path: "way/file.txt", type: "file", size: 5 });
  },

  async "stat() tells when a file was modified"({ files, plant }) {
    await files.write("new", encode(""));
    const age = Date.now() - Date.parse((await files.stat("new")).modifiedAt);
    assert(Math.abs(age) < 60_000, `It is ${age} ms old`);
    await plant(": > dated; TZ=UTC touch -t 202311142213.20 dated");
    assertEquals((await files.stat("dated")).modifiedAt, "2023-11-14T22:13:20.000Z");
  },

  async "stat() refuses what is missing, and a path through a file"({ files, plant }) {
    await files.write("file", encode(""));
    await plant("ln -s missing dangling");
    await assertRefused("not_found", {
      missing: () => files.stat("missing"),
      "below what is missing": () => files.stat("missing/x"),
      "a dangling link, followed": () => files.stat("dangling", { follow: true }),
      "below a dangling link": () => files.stat("dangling/x"),
    });
    await assertRefused("invalid_request", { "through a file": () => files.stat("file/x") });
    assertEquals((await files.stat("dangling")).type, "symlink");
  },
};

function untimed({ modifiedAt: _, ...entry }: FileEntry): Omit<FileEntry, "modifiedAt"> {
  return entry;
}

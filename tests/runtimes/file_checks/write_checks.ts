import { assertEquals } from "@std/assert";
import { assertRefused, encode, type FileChecks, listPaths, readText } from "./bench.ts";

/** What `write` and `createDirectory` make. */
export const WRITE_CHECKS: FileChecks = {
  async "write() makes, replaces, appends, and makes only what is new"({ files }) {
    await files.write("f", encode("a long first text"));
    await files.write("f", encode("short"));
    await files.write("f", encode("er"), "append");
    assertEquals(await readText(files, "f"), "shorter");
    await files.write("appended", encode("new"), "append");
    await files.write("created", encode("new"), "create_new");
    assertEquals([await readText(files, "appended"), await readText(files, "created")], ["new", "new"]);
    await assertRefused("conflict", { "create_new of a file": () => files.write("f", encode("x"), "create_new") });
    assertEquals(await readText(files, "f"), "shorter");
  },

  async "write() of nothing makes an empty file, empties one, or leaves one as it is"({ files }) {
    await files.write("f", encode("text"));
    await files.write("f", encode(""), "append");
    assertEquals(await readText(files, "f"), "text");
    await files.write("f", encode(""));
    await files.write("new", encode(""));
    await files.write("newer", encode(""), "create_new");
    assertEquals(await listPaths(files), ["f file", "new file", "newer file"]);
    assertEquals((await files.stat("f")).size, 0);
  },

  async "write() makes the directories above it"({ files }) {
    await files.write("a/b/c/d", encode("1"));
    await files.write("a/x/y", encode("2"), "append");
    await files.write("a/b/z", encode("3"), "create_new");
    assertEquals(
      await readText(files, "a/b/c/d") + await readText(files, "a/x/y") + await readText(files, "a/b/z"),
      "123",
    );
  },

  async "write() refuses a directory, and a path through a file"({ files }) {
    await files.write("d/f", encode("kept"));
    await assertRefused("invalid_request", {
      "a directory": () => files.write("d", encode("x")),
      "append to a directory": () => files.write("d", encode("x"), "append"),
      "the workspace": () => files.write(".", encode("x")),
      "through a file": () => files.write("d/f/x", encode("x")),
      "far through a file": () => files.write("d/f/x/y", encode("x")),
    });
    await assertRefused("conflict", {
      "create_new of a directory": () => files.write("d", encode("x"), "create_new"),
      "create_new of the workspace": () => files.write(".", encode("x"), "create_new"),
    });
    assertEquals(await readText(files, "d/f"), "kept");
  },

  async "write() and read() go on side by side"({ files }) {
    const names = Array.from({ length: 12 }, (_, index) => `d/e/${index}`);
    await Promise.all(names.map((name) => files.write(name, encode(name))));
    assertEquals(await Promise.all(names.map((name) => readText(files, name))), names);
  },

  async "createDirectory() makes those above it, and minds none that is there"({ files }) {
    await files.createDirectory("a/b/c");
    await files.createDirectory("a/b/c");
    await files.createDirectory("a", { recursive: true });
    await files.createDirectory(".");
    await files.createDirectory("a/d", { recursive: false });
    assertEquals(await listPaths(files), ["a directory", "a/b directory", "a/b/c directory", "a/d directory"]);
  },

  async "createDirectory() refuses what is in the way, and what is missing unless it is recursive"({ files }) {
    await files.write("f", encode("kept"));
    await files.createDirectory("d");
    await assertRefused("conflict", {
      "a file": () => files.createDirectory("f"),
      "a file, not recursive": () => files.createDirectory("f", { recursive: false }),
      "a directory, not recursive": () => files.createDirectory("d", { recursive: false }),
      "the workspace, not recursive": () => files.createDirectory(".", { recursive: false }),
    });
    await assertRefused("invalid_request", {
      "through a file": () => files.createDirectory("f/x"),
      "through a file, not recursive": () => files.createDirectory("f/x", { recursive: false }),
    });
    await assertRefused("not_found", {
      "below what is missing, not recursive": () => files.createDirectory("x/y", { recursive: false }),
    });
    assertEquals(await listPaths(files), ["d directory", "f file"]);
  },
};

import { assertEquals } from "@std/assert";
import { assertRefused, encode, type FileChecks, listPaths, readText } from "./bench.ts";

/** What `copy` does. */
export const COPY_CHECKS: FileChecks = {
  async "copy() copies a file, makes the directories above, and replaces"({ files }) {
    await files.write("f", encode("text"));
    await files.write("old", encode("a much longer text"));
    await files.copy("f", "new/er/g");
    await files.copy("f", "old");
    await files.copy("f", "fresh", { overwrite: false });
    for (const path of ["f", "new/er/g", "old", "fresh"]) assertEquals(await readText(files, path), "text");
  },

  async "copy() copies a tree with its links as links, and merges it into one that is there"({ files, plant }) {
    await files.write("tree/.hidden/f", encode("f"));
    await files.write("tree/g", encode("new"));
    await files.createDirectory("tree/empty");
    await plant("ln -s g tree/link; ln -s /etc tree/out; ln -s nowhere tree/dangling");
    await files.copy("tree", "a/copy");
    const below = (top: string) => [
      `${top}/.hidden directory`,
      `${top}/.hidden/f file`,
      `${top}/dangling symlink`,
      `${top}/empty directory`,
      `${top}/g file`,
      `${top}/link symlink`,
      `${top}/out symlink`,
    ];
    assertEquals(await listPaths(files, "a/copy"), below("a/copy"));
    assertEquals(await readText(files, "a/copy/link"), "new");
    await files.write("other/g", encode("old"));
    await files.write("other/own", encode("own"));
    await files.copy("tree", "other");
    assertEquals(await listPaths(files, "other"), [...below("other"), "other/own file"]);
    assertEquals(await readText(files, "other/g"), "new");
  },

  async "copy() follows a link that it is given, on both sides"({ files, plant }) {
    await files.write("real/f", encode("text"));
    await files.write("target", encode("old"));
    await plant("ln -s real way; ln -s real/f link; ln -s target onto; ln -s fresh dangling");
    await files.copy("way", "copy");
    assertEquals(await listPaths(files, "copy"), ["copy/f file"]);
    await files.copy("link", "plain");
    assertEquals((await files.stat("plain")).type, "file");
    await files.copy("real/f", "onto");
    await files.copy("real/f", "dangling");
    assertEquals([await readText(files, "target"), await readText(files, "fresh")], ["text", "text"]);
    assertEquals([(await files.stat("onto")).type, (await files.stat("dangling")).type], ["symlink", "symlink"]);
  },

  async "copy() refuses to copy anything onto or into itself, and loses nothing"({ files, plant }) {
    await files.write("a", encode("kept"));
    await files.write("d/e", encode("kept"));
    await plant("ln -s a link; ln -s d way; ln a hard; ln -s /workspace all");
    const pairs = [
      ["a", "a"],
      ["a", "link"],
      ["link", "a"],
      ["a", "hard"],
      ["d", "d"],
      ["d", "d/x"],
      ["d", "way"],
      ["d", "way/x"],
      ["way", "d/x/y"],
      ["d", "all/d/x"],
      [".", "x"],
      [".", "."],
      ["all", "d/x"],
    ] as const;
    await assertRefused(
      "conflict",
      Object.fromEntries(pairs.map(([from, to]) => [`${from} to ${to}`, () => files.copy(from, to)])),
    );
    assertEquals([await readText(files, "a"), await readText(files, "d/e")], ["kept", "kept"]);
  },

  async "copy() without overwrite refuses whatever is there"({ files, plant }) {
    await files.write("f", encode("new"));
    await files.write("g", encode("kept"));
    await files.createDirectory("d");
    await plant("ln -s g link");
    const once = { overwrite: false };
    await assertRefused("conflict", {
      "a file": () => files.copy("f", "g", once),
      itself: () => files.copy("f", "f", once),
      "a link to a file": () => files.copy("f", "link", once),
      "an empty directory": () => files.copy("f", "d", once),
      "the workspace": () => files.copy("d", ".", once),
    });
    assertEquals(await readText(files, "g"), "kept");
  },

  async "copy() refuses a file onto a directory, a directory onto a file, and what is missing"({ files }) {
    await files.write("f", encode("kept"));
    await files.createDirectory("empty");
    await files.write("d/x/y", encode("y"));
    await files.write("e/x", encode("x"));
    await assertRefused("invalid_request", {
      "a file onto a directory": () => files.copy("f", "empty"),
      "a file onto the workspace": () => files.copy("f", "."),
      "a directory onto a file": () => files.copy("empty", "f"),
      "through a file": () => files.copy("f/x", "g"),
      "to a path through a file": () => files.copy("d", "f/x"),
      "to a path through itself": () => files.copy("f", "f/x"),
      "in a tree, a directory onto a file": () => files.copy("d", "e"),
      "in a tree, a file onto a directory": () => files.copy("e", "d"),
    });
    await assertRefused("not_found", {
      missing: () => files.copy("missing", "new/g"),
      "missing, onto what is there without overwrite": () => files.copy("missing", "f", { overwrite: false }),
    });
    assertEquals(await readText(files, "f"), "kept");
    assertEquals(await listPaths(files, "empty"), []);
    await assertRefused("not_found", { "a directory for a missing source": () => files.stat("new") });
  },

  async "copy() to the workspace merges a directory into it"({ files }) {
    await files.write("d/f", encode("f"));
    await files.copy("d", ".");
    assertEquals(await listPaths(files), ["d directory", "d/f file", "f file"]);
  },
};

import { assertEquals } from "@std/assert";
import { assertRefused, encode, type FileChecks, listPaths, readText } from "./bench.ts";

/** What `move` does. */
export const MOVE_CHECKS: FileChecks = {
  async "move() renames a file or directory, and makes the directories above"({ files }) {
    await files.write("f", encode("text"));
    await files.move("f", "g");
    await files.move("g", "a/b/h", { overwrite: false });
    await files.move("a", "c");
    assertEquals(await listPaths(files), ["c directory", "c/b directory", "c/b/h file"]);
    assertEquals(await readText(files, "c/b/h"), "text");
  },

  async "move() replaces a file, a link and an empty directory"({ files, plant }) {
    await files.write("f", encode("f"));
    await files.write("g", encode("a longer text"));
    await files.move("f", "g");
    assertEquals(await readText(files, "g"), "f");
    await files.write("target", encode("kept"));
    await plant("ln -s target link; ln -s d way");
    await files.move("g", "link");
    assertEquals([(await files.stat("link")).type, await readText(files, "target")], ["file", "kept"]);
    await files.write("d/x", encode("x"));
    await files.move("link", "way");
    await files.createDirectory("empty");
    await files.move("d", "empty");
    assertEquals(await listPaths(files), ["empty directory", "empty/x file", "target file", "way file"]);
  },

  async "move() moves a link, not what it points to"({ files, plant }) {
    await files.write("real/f", encode("f"));
    await plant("ln -s real way; ln -s nowhere dangling; ln -s /etc out");
    for (const name of ["way", "dangling", "out"]) await files.move(name, `moved/${name}`);
    assertEquals(await listPaths(files), [
      "moved directory",
      "moved/dangling symlink",
      "moved/out symlink",
      "moved/way symlink",
      "real directory",
      "real/f file",
    ]);
  },

  async "move() onto itself changes nothing"({ files }) {
    await files.write("d/f", encode("f"));
    await files.move("d/f", "d/f");
    await files.move("d", "d");
    assertEquals(await readText(files, "d/f"), "f");
    await assertRefused("conflict", { "without overwrite": () => files.move("d", "d", { overwrite: false }) });
  },

  async "move() refuses what is in the way, a directory into itself, and what is missing"({ files, plant }) {
    await files.write("f", encode("kept"));
    await files.write("d/x/y", encode("y"));
    await files.write("full/z", encode("z"));
    await files.createDirectory("empty");
    await plant("ln -s f link");
    await assertRefused("invalid_request", {
      "a file onto a directory": () => files.move("f", "empty"),
      "a directory onto a file": () => files.move("d", "f"),
      "a directory onto a link": () => files.move("d", "link"),
      "a directory into itself": () => files.move("d", "d/into"),
      "a directory into what is in it": () => files.move("d", "d/x/into"),
      "through a file": () => files.move("f/x", "g"),
      "to a path through a file": () => files.move("d", "f/x"),
      "the workspace": () => files.move(".", "x"),
      "onto the workspace": () => files.move("f", "."),
    });
    await assertRefused("conflict", {
      "a directory onto one that is not empty": () => files.move("d", "full"),
      "an empty directory onto one that is not": () => files.move("empty", "full"),
      "a directory onto the one above it": () => files.move("d/x", "d"),
      "without overwrite, a file": () => files.move("d", "f", { overwrite: false }),
      "without overwrite, an empty directory": () => files.move("d", "empty", { overwrite: false }),
      "without overwrite, a link": () => files.move("d", "link", { overwrite: false }),
    });
    await assertRefused("not_found", {
      missing: () => files.move("missing", "new/g"),
      "missing, onto what is there without overwrite": () => files.move("missing", "f", { overwrite: false }),
    });
    assertEquals(await readText(files, "f"), "kept");
    assertEquals(await listPaths(files), [
      "d directory",
      "d/x directory",
      "d/x/y file",
      "empty directory",
      "f file",
      "full directory",
      "full/z file",
      "link symlink",
    ]);
  },
};

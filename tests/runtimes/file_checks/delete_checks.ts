import { assertEquals } from "@std/assert";
import { assertRefused, encode, type FileChecks, listPaths, readText } from "./bench.ts";

/** What `delete` removes. */
export const DELETE_CHECKS: FileChecks = {
  async "delete() removes a file and an empty directory, with recursive or without"({ files }) {
    for (const recursive of [false, true]) {
      await files.write("d/f", encode("f"));
      await files.delete("d/f", { recursive });
      await files.delete("d", { recursive });
      assertEquals(await listPaths(files), []);
    }
  },

  async "delete() removes a full directory only with recursive"({ files }) {
    await files.write("d/e/f", encode("f"));
    await files.write("d/.hidden", encode("h"));
    await assertRefused("conflict", {
      "by default": () => files.delete("d"),
      "not recursive": () => files.delete("d", { recursive: false }),
    });
    assertEquals(await readText(files, "d/e/f"), "f");
    await files.delete("d", { recursive: true });
    assertEquals(await listPaths(files), []);
  },

  async "delete() removes a link and leaves what it points to"({ files, plant }) {
    await files.write("real/f", encode("f"));
    await plant("ln -s real way; ln -s real/f link; ln -s nowhere dangling; ln -s loop loop; ln -s /workspace all");
    await files.delete("way", { recursive: true });
    for (const name of ["link", "dangling", "loop", "all"]) await files.delete(name);
    assertEquals(await listPaths(files), ["real directory", "real/f file"]);
  },

  async "delete() reaches through a link that stays inside"({ files, plant }) {
    await files.write("real/f", encode("f"));
    await plant("ln -s real way");
    await files.delete("way/f");
    assertEquals(await listPaths(files), ["real directory", "way symlink"]);
  },

  async "delete() refuses the workspace, a path through a file, and what is missing"({ files }) {
    await files.write("f", encode("kept"));
    await assertRefused("invalid_request", {
      "the workspace": () => files.delete("."),
      "the workspace, recursive": () => files.delete(".", { recursive: true }),
      "through a file": () => files.delete("f/x"),
      "through a file, recursive": () => files.delete("f/x", { recursive: true }),
    });
    await assertRefused("not_found", {
      missing: () => files.delete("missing"),
      "missing, recursive": () => files.delete("missing", { recursive: true }),
      "below what is missing": () => files.delete("missing/x", { recursive: true }),
    });
    assertEquals(await readText(files, "f"), "kept");
  },

  async "delete() removes a tree in which a program closed a directory to itself, and a deep one"({ files, plant }) {
    await files.write("closed/in/f", encode("f"));
    await plant(
      "chmod 0 closed/in; path=deep; i=0; while [ $i -lt 300 ]; do path=$path/d; i=$((i + 1)); done; mkdir -p $path",
    );
    await files.delete("closed", { recursive: true });
    await files.delete("deep", { recursive: true });
    assertEquals(await listPaths(files), []);
  },
};

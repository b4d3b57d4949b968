import { assert, assertEquals } from "@std/assert";
import type { FileEntry } from "../../../src/core/files.ts";
import { assertRefused, encode, type FileChecks, listPaths } from "./bench.ts";

/** What `list` shows. */
export const LIST_CHECKS: FileChecks = {
  async "list() shows names in order, sizes, types and hidden files"({ files, plant }) {
    await files.write("b/c", encode("123"));
    await files.write(".hidden", encode("1"));
    await files.write("B", encode(""));
    await plant("mkdir empty; ln -s b link; mkfifo pipe");
    const tree = await files.list(".");
    assertEquals(shape(tree), [".", "directory", 0, [
      [".hidden", "file", 1],
      ["B", "file", 0],
      ["b", "directory", 0, [["b/c", "file", 3]]],
      ["empty", "directory", 0, []],
      ["link", "symlink", 0],
      ["pipe", "other", 0],
    ]]);
    assertEquals([tree.name, tree.children?.[2]?.children?.[0]?.name], [".", "c"]);
    const age = Date.now() - Date.parse(tree.children?.[0]?.modifiedAt ?? "");
    assert(Math.abs(age) < 60_000, `It is ${age} ms old`);
  },

  async "list() of an empty directory has no children"({ files }) {
    await files.createDirectory("a/b");
    assertEquals(shape(await files.list("a/b")), ["a/b", "directory", 0, []]);
    await files.delete("a", { recursive: true });
    assertEquals(shape(await files.list(".")), [".", "directory", 0, []]);
  },

  async "list() goes as deep as it is asked"({ files }) {
    await files.write("a/b/c/d", encode("1"));
    const one: Shape = ["a/b", "directory", 0];
    assertEquals(shape(await files.list("a", { maxDepth: 1 })), ["a", "directory", 0, [one]]);
    const two: Shape = ["a/b", "directory", 0, [["a/b/c", "directory", 0]]];
    assertEquals(shape(await files.list("a", { maxDepth: 2 })), ["a", "directory", 0, [two]]);
    const all: Shape = ["a/b", "directory", 0, [["a/b/c", "directory", 0, [["a/b/c/d", "file", 1]]]]];
    assertEquals(shape(await files.list("a", { maxDepth: 0 })), ["a", "directory", 0, [all]]);
    assertEquals(shape(await files.list("a", { maxDepth: 99 })), ["a", "directory", 0, [all]]);
  },

  async "list() follows a link that it is given, and none that it finds"({ files, plant }) {
    await files.write("real/f", encode("1"));
    await plant("ln -s real way; ln -s . real/self; ln -s /workspace all; ln -s /etc real/out");
    assertEquals(await listPaths(files, "way"), ["way/f file", "way/out symlink", "way/self symlink"]);
    assertEquals(shape(await files.list("all", { maxDepth: 1 })), ["all", "directory", 0, [
      ["all/all", "symlink", 0],
      ["all/real", "directory", 0],
      ["all/way", "symlink", 0],
    ]]);
  },

  async "list() refuses what is no directory, and what is missing"({ files, plant }) {
    await files.write("f", encode("1"));
    await plant("ln -s f link; ln -s nowhere dangling");
    await assertRefused("invalid_request", {
      "a file": () => files.list("f"),
      "a link to a file": () => files.list("link"),
      "through a file": () => files.list("f/x"),
    });
    await assertRefused("not_found", {
      missing: () => files.list("missing"),
      "a dangling link": () => files.list("dangling"),
    });
  },

  async "list() shows 10,000 entries and refuses more"({ files, plant }) {
    await plant(
      "i=0; while [ $i -lt 100 ]; do mkdir d$i; j=0; while [ $j -lt 99 ]; do : > d$i/$j; j=$((j + 1)); done; i=$((i + 1)); done",
    );
    assertEquals((await listPaths(files)).length, 10_000);
    await files.write("d0/more", encode(""));
    await assertRefused("too_large", { "one more": () => files.list(".") });
    assertEquals((await files.list(".", { maxDepth: 1 })).children?.length, 100);
  },

  async "list() and copy() take a tree of 128 levels and refuse a deeper one"({ files, plant }) {
    await plant(`mkdir -p ${nest(128)}`);
    assertEquals((await listPaths(files)).length, 128);
    await files.copy("d", "e");
    await plant(`mkdir ${nest(129)}`);
    await assertRefused("too_large", {
      "list all": () => files.list("."),
      "list the last but one": () => files.list(nest(128)),
      "list the last": () => files.list(nest(129)),
      copy: () => files.copy("d", "f"),
    });
    assertEquals((await files.list(".", { maxDepth: 128 })).type, "directory");
    assertEquals((await files.stat(nest(129))).type, "directory");
  },
};

type Shape = readonly [path: string, type: string, size: number, children?: readonly Shape[]];

function shape({ path, type, size, children }: FileEntry): Shape {
  return children === undefined ? [path, type, size] : [path, type, size, children.map(shape)];
}

function nest(levels: number): string {
  return Array(levels).fill("d").join("/");
}

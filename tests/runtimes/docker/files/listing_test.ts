import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { FileEntry } from "../../../../src/core/files.ts";
import { parseEntry, readTree } from "../../../../src/runtimes/docker/files/listing.ts";
import { generate, piecesOf, splitsOf } from "../engine/frames.ts";

const DAY = 86_400;
const DATE = "1970-01-02T00:00:00.000Z";

/** What `stat -c '//%f %s %Y %n'` prints of each path: a directory where it ends with a slash. */
function records(paths: Iterable<string>): Uint8Array {
  const lines = [...paths].map((path) =>
    path.endsWith("/") ? `//41ed 60 ${DAY} ${path.slice(0, -1)}\n` : `//81a4 3 ${DAY} ${path}\n`
  );
  return new TextEncoder().encode(lines.join(""));
}

function list(
  paths: Iterable<string>,
  { path = ".", depth = Infinity }: { readonly path?: string; readonly depth?: number } = {},
): Promise<FileEntry> {
  return readTree(generate([records(paths)]), { path, depth });
}

/** The paths of a tree, top first. */
function pathsOf({ path, children }: FileEntry): string[] {
  return [path, ...(children ?? []).flatMap(pathsOf)];
}

function file(path: string): FileEntry {
  return { name: path.slice(path.lastIndexOf("/") + 1), path, type: "file", size: 3, modifiedAt: DATE };
}

function directory(path: string, children?: readonly FileEntry[]): FileEntry {
  return { ...file(path), type: "directory", size: 0, ...(children === undefined ? {} : { children }) };
}

Deno.test("parseEntry() tells kinds by their mode, and a size of files only", () => {
  const table: [string, FileEntry["type"], number][] = [
    ["81a4", "file", 17],
    ["8180", "file", 17],
    ["89ff", "file", 17],
    ["41ed", "directory", 0],
    ["43ff", "directory", 0],
    ["a1ff", "symlink", 0],
    ["11a4", "other", 0],
    ["c1ed", "other", 0],
    ["21b6", "other", 0],
    ["61b0", "other", 0],
  ];
  for (const [mode, type, size] of table) {
    assertEquals(parseEntry(`${mode} 17 ${DAY} ./a/b\n`, "a/b"), {
      name: "b",
      path: "a/b",
      type,
      size,
      modifiedAt: DATE,
    }, mode);
  }
});

Deno.test("parseEntry() reads a time before 1970, and takes one that no date can hold as the nearest", () => {
  const table: [string, string][] = [
    ["0", "1970-01-01T00:00:00.000Z"],
    ["-1", "1969-12-31T23:59:59.000Z"],
    ["1767225599", "2025-12-31T23:59:59.000Z"],
    ["9000000000000", "+275760-09-13T00:00:00.000Z"],
    ["-9000000000000", "-271821-04-20T00:00:00.000Z"],
  ];
  for (const [seconds, modifiedAt] of table) {
    assertEquals(parseEntry(`81a4 1 ${seconds} ./f\n`, "f").modifiedAt, modifiedAt);
  }
});

Deno.test("readTree() nests what find printed in any order, sorted by name", async () => {
  const paths = ["./", "./b/", "./b/z", "./b/a/", "./b/a/deep", "./a", "./B", "./b.txt", "./10", "./9", "./é"];
  const expected = directory(".", [
    file("10"),
    file("9"),
    file("B"),
    file("a"),
    directory("b", [directory("b/a", [file("b/a/deep")]), file("b/z")]),
    file("b.txt"),
    file("é"),
  ]);
  assertEquals(await list(paths), expected);
  assertEquals(await list(["./", ...paths.slice(1).toReversed()]), expected);
});

Deno.test("readTree() gives an empty directory no children, and a nested one its own paths", async () => {
  assertEquals(await list(["./"]), directory(".", []));
  assertEquals(
    await list(["./", "./x/", "./x/y"], { path: "a/b" }),
    directory("a/b", [directory("a/b/x", [file("a/b/x/y")])]),
  );
});

Deno.test("readTree() leaves what lies deeper than asked for away, and gives a directory there no children", async () => {
  const paths = ["./", "./a/", "./a/b/", "./f"];
  assertEquals(
    await list(paths.filter((path) => path !== "./a/b/"), { depth: 1 }),
    directory(".", [directory("a"), file("f")]),
  );
  assertEquals(await list(paths, { depth: 2 }), directory(".", [directory("a", [directory("a/b")]), file("f")]));
  assertEquals(await list(paths, { depth: 3 }), directory(".", [directory("a", [directory("a/b", [])]), file("f")]));
});

Deno.test("readTree() reads names with everything that a name can hold", async () => {
  const names = [
    ...["two words", " leading", "trailing ", "new\nline", "\n", "a\n", "\n\n", "tab\t", "'", '"', "\\", "\\n"],
    ...["x", " .", "-rf", "*", "$HOME", "81a4 3 86400 .", "ü".normalize("NFD"), "日本", "..."],
  ];
  const tree = await list(["./", "./dir\nectory/", ...names.map((name) => `./dir\nectory/${name}`)]);
  const inside = tree.children?.[0];
  assertEquals(inside?.path, "dir\nectory");
  assertEquals((inside?.children ?? []).map(({ name }) => name), names.toSorted());
  for (const { name, path, type } of inside?.children ?? []) {
    assertEquals([path, type], [`dir\nectory/${name}`, "file"]);
  }
});

Deno.test("readTree() reads records wherever they are cut", async () => {
  const bytes = records(["./", "./a b/", "./a b/\nü", "./日/", "./日/x\n", "./z"]);
  const expected = await list(["./", "./a b/", "./a b/\nü", "./日/", "./日/x\n", "./z"]);
  assertEquals(pathsOf(expected), [".", "a b", "a b/\nü", "z", "日", "日/x\n"]);
  const options = { path: ".", depth: Infinity };
  for (const pieces of splitsOf(bytes)) assertEquals(await readTree(generate(pieces), options), expected);
  assertEquals(await readTree(generate(piecesOf(bytes, 1)), options), expected);
});

Deno.test("readTree() takes 10,000 entries and refuses one more", async () => {
  const paths = ["./", ...Array.from({ length: 10_000 }, (_, index) => `./${index}`)];
  const tree = await list(paths);
  assertEquals(tree.children?.length, 10_000);
  const error = await assertRejects(() => list([...paths, "./more"]), CodeBeakerError, "more than 10000 entries");
  assertEquals(error.code, "too_large");
});

Deno.test("readTree() takes 128 levels and refuses one more, unless it need not go there", async () => {
  const levels = (count: number) => Array.from({ length: count }, (_, index) => `.${"/d".repeat(index + 1)}/`);
  const tree = await list(["./", ...levels(128)]);
  assertEquals(pathsOf(tree).length, 129);
  assertEquals(pathsOf(await list(["./", ...levels(128), `.${"/d".repeat(128)}/f`])).length, 130);
  const error = await assertRejects(() => list(["./", ...levels(129)]), CodeBeakerError, "more than 128 levels deep");
  assertEquals([error.code, error.message.length < 400], ["too_large", true]);
  assert(pathsOf(await list(["./", ...levels(129)], { depth: 129 })).length === 130);

  const path = (count: number) => Array.from({ length: count }, () => "p").join("/");
  assertEquals((await list(["./", "./f"], { path: path(128) })).children?.length, 1);
  await assertRejects(() => list(["./", "./d/"], { path: path(128) }), CodeBeakerError, "128 levels");
  assertEquals((await list(["./", "./d/"], { path: path(128), depth: 1 })).children?.length, 1);
  await assertRejects(() => list(["./"], { path: path(129) }), CodeBeakerError, "128 levels");
});

Deno.test("readTree() rejects an empty listing", async () => {
  const error = await assertRejects(() => list([]), CodeBeakerError, "as the container has ended");
  assertEquals(error.code, "runtime_unavailable");
});

import { assertEquals } from "@std/assert";
import { MatchingFiles, scopeOf } from "../../src/commands/matching_files.ts";

Deno.test("scopeOf() finds the deepest directory that holds every match, and how deep they lie in it", () => {
  const table: readonly (readonly [globs: readonly string[], path: string, maxDepth: number])[] = [
    [["a.txt"], ".", 1],
    [["*"], ".", 1],
    [["out/*.png"], "out", 1],
    [["out/a/b.txt"], "out/a", 1],
    [["out/a/b.txt", "out/c/*/d"], "out", 3],
    [["out/a", "out/b"], "out", 1],
    [["out/a", "outer/a"], ".", 2],
    [["out/**"], "out", 0],
    [["out/**/x", "a.txt"], ".", 0],
    [["o?t/a/b"], ".", 3],
  ];
  for (const [globs, path, maxDepth] of table) assertEquals([globs, scopeOf(globs)], [globs, { path, maxDepth }]);
});

Deno.test("MatchingFiles takes files and symlinks that match, those of the first glob first", () => {
  const matching = new MatchingFiles(["z.txt", "**/*.txt"]);
  for (const path of ["b.txt", "a/deep/a.txt", "z.txt", "a.png", "a.txt"]) matching.add({ path, type: "file" });
  matching.add({ path: "link.txt", type: "symlink" });
  matching.add({ path: "directory.txt", type: "directory" });
  matching.add({ path: "pipe.txt", type: "other" });
  const paths = ["z.txt", "a.txt", "a/deep/a.txt", "b.txt", "link.txt"];
  assertEquals([matching.first.map(({ path }) => path), matching.count], [paths, 5]);
});

Deno.test("MatchingFiles keeps the first 128 of 100,000 matches, and counts all", () => {
  const matching = new MatchingFiles(["*"]);
  const names = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(6, "0"));
  for (const name of names.toReversed()) matching.add({ path: name, type: "file" });
  assertEquals([matching.first.map(({ path }) => path), matching.count], [names.slice(0, 128), 100_000]);
});

import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { directoriesAbove, isTooDeep, MAX_DEPTH, parseWorkspacePath } from "../../src/core/workspace_path.ts";

Deno.test("parseWorkspacePath() makes one form of every path that stays inside", () => {
  const table: [string, string][] = [
    ["a.txt", "a.txt"],
    ["./a//b/./c/", "a/b/c"],
    ["/workspace/a", "a"],
    ["/workspace", "."],
    ["", "."],
    [".", "."],
    ["workspace/a", "workspace/a"],
    ["..a/b..", "..a/b.."],
    ["a\\..\\b", "a\\..\\b"],
    ["new\nline", "new\nline"],
    ["ünïcode/文件", "ünïcode/文件"],
    ["/workspace/workspace/a", "workspace/a"],
  ];
  for (const [given, expected] of table) assertEquals(parseWorkspacePath(given), expected);
});

Deno.test("parseWorkspacePath() refuses every path that leaves, and names the field", () => {
  for (
    const path of [
      "/",
      "/etc/passwd",
      "..",
      "../a",
      "a/../b",
      "a/..",
      "/workspace/../a",
      "/workspaces/a",
      "a\0b",
      "/workspace//../a",
      "//etc",
    ]
  ) {
    const error = assertThrows(() => parseWorkspacePath(path, "files[3].path"), CodeBeakerError);
    assertEquals([path, error.code, error.details.errors?.[0]?.path], [path, "permission_denied", "files[3].path"]);
  }
});

Deno.test("parseWorkspacePath() refuses what no file system takes", () => {
  for (const path of ["x".repeat(256), "é".repeat(128), "x/".repeat(2049), "../".repeat(2000)]) {
    assertEquals(assertThrows(() => parseWorkspacePath(path), CodeBeakerError).code, "invalid_request");
  }
  assertEquals(parseWorkspacePath("x".repeat(255)).length, 255);
});

Deno.test("directoriesAbove() gives those on the way to a path, the nearest first", () => {
  assertEquals([...directoriesAbove("a/b/c.txt")], ["a/b", "a"]);
  assertEquals([...directoriesAbove("a")], []);
  assertEquals([...directoriesAbove(".")], []);
});

Deno.test("isTooDeep() counts names", () => {
  assertEquals(isTooDeep("d/".repeat(MAX_DEPTH - 1) + "f"), false);
  assertEquals(isTooDeep("d/".repeat(MAX_DEPTH) + "f"), true);
});

import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { fromE2bPath, toE2bPath } from "../../../../src/server/compat/e2b/paths.ts";

Deno.test("fromE2bPath() takes E2B's home for the workspace", () => {
  const table = {
    "a/b": "a/b",
    "": ".",
    "/home/user": ".",
    "/home/user/": ".",
    "/home/user/a": "a",
    "~": ".",
    "~/a": "a",
    "~a": "~a",
    "/workspace/a": "a",
  };
  for (const [path, expected] of Object.entries(table)) assertEquals([path, fromE2bPath(path)], [path, expected]);
  for (
    const path of ["/home/users/a", "/home/user/../a", "~/../a", "../a", "/etc/passwd", "/home/user//../../a", "a\0"]
  ) {
    assertThrows(() => fromE2bPath(path), CodeBeakerError, "workspace");
  }
});

Deno.test("toE2bPath() gives the path that programs see", () => {
  assertEquals([toE2bPath("."), toE2bPath("a/b")], ["/workspace", "/workspace/a/b"]);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../support/any_text.ts";
import { posix } from "node:path";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { parseWorkspacePath } from "../../src/core/workspace_path.ts";

const PARTS = [
  "..",
  ".",
  "",
  "a",
  "b",
  "workspace",
  "...",
  "..a",
  "a..",
  "\\..",
  "%2e%2e",
  "\uff0e\uff0e",
  "a\uff0fb",
  "\u202e",
  "\n",
];
const REFUSED_PARTS = ["\0", "a\0", "\ud800", "n".repeat(256)];

const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PARTS) },
  { weight: 1, arbitrary: fc.constantFrom(...REFUSED_PARTS) },
  { weight: 2, arbitrary: anyText({ maxLength: 8 }) },
);
const path = fc.tuple(
  fc.constantFrom("", "/", "//", "./", "/workspace/", "/workspace", "/workspaces/"),
  fc.array(part, { maxLength: 8 }),
)
  .map(([start, parts]) => start + parts.join("/"));

/** A path as it is read, or the code with which it is refused; it throws nothing else. */
function parse(given: string): { readonly path: string } | { readonly code: string } {
  try {
    return { path: parseWorkspacePath(given) };
  } catch (error) {
    assert(error instanceof CodeBeakerError, `${error}`);
    return { code: error.code };
  }
}

Deno.test("parseWorkspacePath() of any text lies in the workspace, where POSIX says that it does, or is refused", () => {
  fc.assert(
    fc.property(path, (given) => {
      const parsed = parse(given);
      if ("code" in parsed) return assert(["permission_denied", "invalid_request"].includes(parsed.code));
      const whole = posix.join("/workspace", parsed.path);
      assertEquals(posix.resolve("/workspace", given), whole);
      assert(whole === "/workspace" || whole.startsWith("/workspace/"));
      assertEquals(
        parsed.path === "." || parsed.path.split("/").every((part) => !["", ".", ".."].includes(part)),
        true,
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseWorkspacePath() refuses exactly what leaves, climbs, or is no name for Linux", () => {
  fc.assert(
    fc.property(path, (given) => {
      const isAbsolute = given.startsWith("/") && given !== "/workspace" && !/^\/workspace\/(?!\/)/.test(given);
      const climbs = given.split("/").includes("..");
      const names = given.split("/");
      const size = (text: string) => new TextEncoder().encode(text).length;
      const isOdd = !given.isWellFormed() || size(given) > 4_096 || names.some((name) => size(name) > 255);
      const expected = given.includes("\0") || isAbsolute || climbs
        ? "permission_denied"
        : isOdd
        ? "invalid_request"
        : undefined;
      const parsed = parse(given);
      assertEquals("code" in parsed ? parsed.code : undefined, expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseWorkspacePath() of what it gave is the same again, by either name of the workspace", () => {
  fc.assert(
    fc.property(path, (given) => {
      const parsed = parse(given);
      if ("code" in parsed) return;
      assertEquals(parse(parsed.path), parsed);
      assertEquals(parse(`/workspace/${parsed.path}`), parsed);
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseWorkspacePath() changes no character of a name: names that look alike stay different", () => {
  const name = anyText({ minLength: 1, maxLength: 20 })
    .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== ".." && text.isWellFormed());
  fc.assert(
    fc.property(name, fc.constantFrom("NFC", "NFD", "NFKC"), (text, form) => {
      assertEquals(parse(text), { path: text });
      const other = parse(text.normalize(form));
      if ("path" in other) assertEquals(other.path === text, text.normalize(form) === text);
    }),
    { numRuns: 500 },
  );
});

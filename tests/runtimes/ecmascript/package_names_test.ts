import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parsePackages } from "../../../src/runtimes/ecmascript/package_names.ts";

Deno.test("parsePackages() takes npm's names, with a version, a range, a tag or none", () => {
  const table = [
    ["left-pad", "left-pad", "npm:left-pad@latest"],
    ["left-pad@1.3.0", "left-pad", "npm:left-pad@1.3.0"],
    ["a@^1.2.3-beta.1+build", "a", "npm:a@^1.2.3-beta.1+build"],
    ["a@~1", "a", "npm:a@~1"],
    ["a@>=2", "a", "npm:a@>=2"],
    ["a@<2", "a", "npm:a@<2"],
    ["a@=2", "a", "npm:a@=2"],
    ["a@next", "a", "npm:a@next"],
    ["@scope/a.b_c", "@scope/a.b_c", "npm:@scope/a.b_c@latest"],
    ["@scope/a@1.x", "@scope/a", "npm:@scope/a@1.x"],
    ["constructor", "constructor", "npm:constructor@latest"],
  ] as const;
  for (const [text, name, specifier] of table) assertEquals([...parsePackages([text])], [[name, specifier]]);
});

Deno.test("parsePackages() takes the last of a name that is given twice", () => {
  assertEquals([...parsePackages(["a@1", "b", "a@2"])], [["a", "npm:a@2"], ["b", "npm:b@latest"]]);
});

Deno.test("parsePackages() refuses what other package managers take, and what names another place", () => {
  const bad = [
    "",
    "-g",
    ".a",
    "_a",
    "a@",
    "a@@1",
    "a@1@2",
    "a@../b",
    "a@/etc",
    "a@npm:b",
    "a@file:b",
    "a@1/../..",
    "a/b",
    "a@1 2",
    "a==1",
    "a>=1,<2",
    "a[extra]",
    "a@>=1<2",
    "g++",
    "npm:a",
    "@a",
    "@a/",
    "@a/b/c",
    "@-a/b",
    "a\n",
    "a".repeat(215),
  ];
  for (const text of bad) {
    const error = assertThrows(() => parsePackages(["ok", text]), CodeBeakerError);
    assertEquals([text, error.code, error.details.errors?.[0]?.path], [text, "invalid_request", "packages[1]"]);
  }
});

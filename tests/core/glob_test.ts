import { assertEquals } from "@std/assert";
import { compileGlob } from "../../src/core/glob.ts";

Deno.test("compileGlob() knows ?, * and **, and nothing else", () => {
  const table: [string, string, boolean][] = [
    ["*.ts", "a.ts", true],
    ["*.ts", "a.js", false],
    ["*.ts", "d/a.ts", false],
    ["**/*.ts", "d/e/a.ts", true],
    ["**/*.ts", "a.ts", true],
    ["d/**", "d/e/f", true],
    ["d/**/f", "d/f", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["?", "😀", true],
    ["*", "", true],
    ["", "", true],
    ["a*b*c", "a1b2b3c", true],
    ["a*b*c", "a1b2b3", false],
    ["[ab]", "a", false],
    ["[ab]", "[ab]", true],
    [".*", ".hidden", true],
    ["**", "a/b/c", true],
  ];
  for (const [glob, text, expected] of table) {
    assertEquals([glob, text, compileGlob(glob)(text)], [glob, text, expected]);
  }
});

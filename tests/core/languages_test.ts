import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  aliasesOf,
  canonicalLanguage,
  languageOfFile,
  mainFileOf,
  unsupportedLanguage,
} from "../../src/core/languages.ts";

Deno.test("canonicalLanguage() knows the aliases of the wire contract, in any case", () => {
  const table = {
    nodejs: "node",
    python3: "python",
    py: "python",
    golang: "go",
    dotnet: "csharp",
    TypeScript: "typescript",
    cobol: "cobol",
  };
  for (const [alias, name] of Object.entries(table)) assertEquals(canonicalLanguage(alias), name);
});

Deno.test("mainFileOf() and aliasesOf() take a name of JavaScript's own objects for an unknown language", () => {
  assertEquals([mainFileOf("constructor"), aliasesOf("constructor")], ["main.txt", []]);
});

Deno.test("mainFileOf() and languageOfFile() agree", () => {
  assertEquals(["typescript", "javascript", "tsx", "jsx", "python", "bash", "go"].map(mainFileOf), [
    "main.ts",
    "main.js",
    "main.tsx",
    "main.jsx",
    "main.py",
    "main.sh",
    "main.go",
  ]);
  assertEquals(["a/b.ts", "x.MJS", "x.cjs", "x.tsx", "x.jsx", "x.py", "x.R", "x", "x.unknown"].map(languageOfFile), [
    "typescript",
    "javascript",
    "javascript",
    "tsx",
    "jsx",
    "python",
    "r",
    undefined,
    undefined,
  ]);
});

Deno.test("unsupportedLanguage() names the nearest and lists what is supported", () => {
  const error = unsupportedLanguage("typscript", ["typescript", "python"]);
  assertStringIncludes(error.message, 'did you mean "typescript"?');
  assertEquals(error.details.languages, ["typescript", "python"]);
  assertStringIncludes(unsupportedLanguage("x", []).message, "none");
  assertEquals(unsupportedLanguage("cobol", ["typescript", "python"]).message.split("typescript").length, 2);
  assertEquals(unsupportedLanguage("python", ["typescript"]).message.includes("did you mean"), false);
});

import { assertEquals } from "@std/assert";
import { findLanguages } from "../../../../../src/server/console/page/run/find_languages.ts";

const LANGUAGES = [
  { name: "typescript", aliases: ["ts"], available: true },
  { name: "tsx", aliases: [], available: false },
  { name: "rust", aliases: ["rs"], available: true },
  { name: "r", aliases: [], available: true },
  { name: "csharp", aliases: ["cs"], available: false },
];

Deno.test("findLanguages() finds a part of a name or an alias, the closest and the available first", () => {
  const namesFor = (text: string) => findLanguages(LANGUAGES, text).map(({ name }) => name);
  assertEquals(namesFor(""), ["typescript", "rust", "r", "tsx", "csharp"]);
  assertEquals(namesFor(" R "), ["r", "rust", "typescript", "csharp"]);
  assertEquals(namesFor("ts"), ["typescript", "tsx"]);
  assertEquals(namesFor("cs"), ["csharp"]);
  assertEquals(namesFor("cobol"), []);
});

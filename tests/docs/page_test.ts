import { assertEquals } from "@std/assert";
import { anchorsOf, examplesOf, linksOf, parsePage } from "./page.ts";

const FENCE = "```";
const PAGE = parsePage(
  "docs/a.md",
  `# A title: of \`code\`

[one](b.md#x), \`[two](c.md)\` and [three](#a-title-of-code)

${FENCE}sh
first
${FENCE}

${FENCE}json
{ "a": "[four](d.md)" }
${FENCE}

<!-- service: docker -->

${FENCE}sh
second
${FENCE}

<!-- not run: it is slow -->

${FENCE}sh
third
${FENCE}

${FENCE}text
an answer of nothing
${FENCE}

<!-- checked by: tests/a_test.ts -->

${FENCE}jsonc
// fifth
${FENCE}

## A title
## A title
`,
);

Deno.test("examplesOf() pairs what runs with what it prints, and leaves the other blocks", () => {
  const { examples, others } = examplesOf(PAGE);
  assertEquals(examples.map(({ answer, block }) => [block.text, block.service, block.line, answer?.language]), [
    ["first\n", undefined, 5, "json"],
    ["second\n", "docker", 15, undefined],
  ]);
  assertEquals(others.map(({ checkedBy, language, notRun }) => [language, notRun, checkedBy]), [
    ["sh", "it is slow", undefined],
    ["text", undefined, undefined],
    ["jsonc", undefined, "tests/a_test.ts"],
  ]);
});

Deno.test("linksOf() leaves out code, anchorsOf() numbers equal headings", () => {
  assertEquals(linksOf(PAGE), ["b.md#x", "#a-title-of-code"]);
  assertEquals(anchorsOf(PAGE), ["a-title-of-code", "a-title", "a-title-1"]);
});

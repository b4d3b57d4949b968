import { assertEquals } from "@std/assert";
import type { Needs } from "../../../src/core/needs.ts";
import { describeDenials, describeEnding, describeSelection, showEnd } from "../../../src/cli/run/run_texts.ts";
import { COLORED, paletteFor, PLAIN } from "../../../src/cli/palette.ts";

Deno.test("describeDenials() describes each denial with its place and remedy, and how many more there are", () => {
  const denials = [
    { kind: "env", target: "HOME", rule: "no variable is readable" },
    { kind: "run", target: "ls", at: "main.ts:1:1", rule: "none may run" },
  ] as const;
  assertEquals(describeDenials({ denials, denialsOmitted: 3 }, PLAIN), [
    "denied: env HOME (no variable is readable)",
    "denied: run ls at main.ts:1:1 (none may run)",
    "denied: 3 more",
  ]);
});

Deno.test("describeEnding() tells every end but an exit, with its facts", () => {
  assertEquals(describeEnding({ kind: "exited", exitCode: 3 }, PLAIN), undefined);
  assertEquals(describeEnding({ kind: "cancelled" }, PLAIN), "cancelled");
  assertEquals(
    describeEnding({ kind: "memory_limit", limitMb: 64, observedMb: 70 }, PLAIN),
    "memory_limit (limitMb 64, observedMb 70)",
  );
});

Deno.test("showEnd() shows what a compiler printed before everything else", async () => {
  const shown: string[] = [];
  const context = {
    stderr: { isTerminal: () => false, write: () => Promise.resolve(0) },
    printError: (line: string) => Promise.resolve(void shown.push(line)),
  };
  const outcome = { kind: "cancelled" } as const;
  const compile = { outcome, stdout: "", stderr: "main.c:1:1: error\n", cpuMs: 1 };
  await showEnd({ outcome, denials: [], compile }, context);
  await showEnd(
    { outcome: { kind: "exited", exitCode: 0 }, denials: [], compile: { ...compile, stderr: "" } },
    context,
  );
  assertEquals(shown, ["main.c:1:1: error", "codebeaker: cancelled"]);
});

Deno.test("paletteFor() colours terminals, unless NO_COLOR is set", () => {
  const [terminal, file] = [{ isTerminal: () => true }, { isTerminal: () => false }];
  assertEquals(paletteFor(terminal, { noColor: false }), COLORED);
  assertEquals([paletteFor(terminal, { noColor: true }), paletteFor(file, { noColor: false })], [PLAIN, PLAIN]);
});

Deno.test("describeSelection() tells what the program needs, and where it is seen", () => {
  const lineOf = (needs?: Needs) => {
    const selection = { chosen: null, preference: "balanced", floor: 7, candidates: [] } as const;
    const [, line] = describeSelection(needs === undefined ? selection : { ...selection, needs }).split("\n");
    return line?.startsWith("Needs: ") ? line : undefined;
  };
  const use = { kind: "module", name: "numpy", file: "main.py", line: 3, certain: true } as const;
  assertEquals(
    [
      lineOf(),
      lineOf({ known: true, uses: [] }),
      lineOf({ known: true, uses: [use] }),
      lineOf({ known: false, reason: "main.py:4 uses exec", uses: [use] }),
    ],
    [
      undefined,
      "Needs: only the language",
      "Needs: numpy (main.py:3)",
      "Needs: numpy (main.py:3), not known (main.py:4 uses exec)",
    ],
  );
});

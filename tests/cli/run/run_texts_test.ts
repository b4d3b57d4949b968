import { assertEquals } from "@std/assert";
import { describeDenials, describeEnding } from "../../../src/cli/run/run_texts.ts";
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

Deno.test("paletteFor() colours terminals, unless NO_COLOR is set", () => {
  const [terminal, file] = [{ isTerminal: () => true }, { isTerminal: () => false }];
  assertEquals(paletteFor(terminal, { noColor: false }), COLORED);
  assertEquals([paletteFor(terminal, { noColor: true }), paletteFor(file, { noColor: false })], [PLAIN, PLAIN]);
});

import { assertEquals } from "@std/assert";
import { describeEntry } from "../../src/cli/audit.ts";
import { PLAIN } from "../../src/cli/palette.ts";

Deno.test("describeEntry() tells what happened to what, by whom, and quotes what may be anything", () => {
  const facts = { runtime: "one", outcome: { kind: "exited" }, source: undefined, path: "a\x1b[2J" };
  const entry = { at: "2026-01-01T00:00:00.000Z", key: "ci", action: "execution", subject: "exec_1", facts };
  assertEquals(
    describeEntry(entry, PLAIN),
    '2026-01-01T00:00:00.000Z  execution  exec_1  by ci  runtime=one  outcome={"kind":"exited"}  path="a\\u001b[2J"',
  );
  assertEquals(
    describeEntry({ ...entry, key: null, subject: null, facts: {} }, PLAIN),
    "2026-01-01T00:00:00.000Z  execution",
  );
});

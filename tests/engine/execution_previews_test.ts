import { assertEquals } from "@std/assert";
import { ExecutionPreviews, previewOf } from "../../src/engine/execution_previews.ts";

Deno.test("previewOf() begins with the first word, and ends with a whole character", () => {
  assertEquals(previewOf("\n\t print(1)\n"), "print(1)");
  assertEquals(previewOf(" ".repeat(1_000)), "");
  assertEquals(previewOf(`${"a".repeat(159)}😀`), "a".repeat(159));
  assertEquals(previewOf(`${"a".repeat(158)}😀b`), `${"a".repeat(158)}😀`);
});

Deno.test("ExecutionPreviews keeps the newest 10,000", () => {
  const previews = new ExecutionPreviews();
  for (let index = 0; index <= 10_000; index++) previews.add(`exec_${index}`, `${index}`);
  previews.add("exec_empty", "");
  assertEquals(["exec_0", "exec_1", "exec_10000", "exec_empty"].map((id) => previews.get(id)), [
    undefined,
    "1",
    "10000",
    undefined,
  ]);
});

import { assertEquals } from "@std/assert";
import { HintingFilter } from "../../../src/runtimes/process/hinting_filter.ts";

/** What a filter with one hint makes of output that comes in these pieces. */
function filtered(...pieces: readonly string[]): string {
  const inner = { push: (bytes: Uint8Array) => bytes, flush: () => new TextEncoder().encode("(end)\n") };
  const filter = new HintingFilter(inner, [{ pattern: /no route/, text: "Name another registry" }]);
  const parts = [...pieces.map((piece) => filter.push(new TextEncoder().encode(piece))), filter.flush()];
  return parts.map((bytes) => new TextDecoder().decode(bytes)).join("");
}

Deno.test("HintingFilter adds a hint after output that its pattern matches, also across pieces", () => {
  assertEquals(filtered("error: no route\n"), "error: no route\n(end)\nName another registry\n");
  assertEquals(filtered("error: no ro", "ute\n"), "error: no route\n(end)\nName another registry\n");
});

Deno.test("HintingFilter adds nothing to other output, and looks at its end alone", () => {
  assertEquals(filtered("error: not found\n"), "error: not found\n(end)\n");
  assertEquals(filtered("no route", "x".repeat(5_000)), `no route${"x".repeat(5_000)}(end)\n`);
});

import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../../src/commands/mod.ts";
import { COMMAND_RESULTS } from "../../../src/core/answers/commands.ts";

Deno.test("COMMAND_RESULTS has the result of every command, and of no other", () => {
  assertEquals(Object.keys(COMMAND_RESULTS).toSorted(), COMMANDS.map(({ type }) => type).toSorted());
});

import { assertEquals } from "@std/assert";
import { parsePolicyFlags } from "../../src/cli/key_flags.ts";

Deno.test("parsePolicyFlags() tells a network of none, of any, and of some hosts apart", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["false", false],
    ["true", true],
    ["a.example", ["a.example"]],
    ["", []],
  ];
  for (const [allowNet, expected] of table) {
    assertEquals([allowNet, parsePolicyFlags({ allowNet }).policy.permissions], [allowNet, { allowNet: expected }]);
  }
  assertEquals(parsePolicyFlags({}).policy.permissions, {});
});

import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import { parseSessionExecution } from "../../../src/core/requests/session_request.ts";

Deno.test("outputs are globs of the workspace: others are refused before anything runs", () => {
  const given = ["out/*.png", "/workspace/a.txt", "./b/./**"];
  const normal = ["out/*.png", "a.txt", "b/**"];
  const code = { code: "1" };
  assertEquals(parseExecutionRequest({ language: "ts", ...code, outputs: given }).outputs, normal);
  assertEquals(parseSessionExecution({ ...code, outputs: given }).outputs, normal);
  const refused: readonly (readonly [outputs: unknown, code: string])[] = [
    [["../*"], "permission_denied"],
    [["a/../../*"], "permission_denied"],
    [["/etc/*"], "permission_denied"],
    [["a\0"], "permission_denied"],
    [["."], "invalid_request"],
    [["/workspace"], "invalid_request"],
    [[""], "invalid_request"],
    [["a".repeat(257)], "invalid_request"],
    [Array(65).fill("*"), "invalid_request"],
    ["*", "invalid_request"],
    [[1], "invalid_request"],
  ];
  for (const [outputs, expected] of refused) {
    for (const parse of [parseExecutionRequest, parseSessionExecution]) {
      const language = parse === parseExecutionRequest ? { language: "ts" } : {};
      const error = assertThrows(() => parse({ ...language, ...code, outputs }), CodeBeakerError);
      assertEquals([outputs, error.code], [outputs, expected]);
      assertEquals(error.details.errors?.[0]?.path.startsWith("outputs"), true);
    }
  }
});

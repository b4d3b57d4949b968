import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import { MAX_TESTS } from "../../../src/core/requests/tests.ts";

const REQUEST = { language: "c", code: "int main(void) {}" };

Deno.test("parseExecutionRequest() names a test without a name by its number", () => {
  const tests = [{ stdin: "1", expected: "2" }, { name: "big", args: ["x"] }];
  assertEquals(parseExecutionRequest({ ...REQUEST, tests }).tests, [
    { name: "1", stdin: "1", expected: "2" },
    { name: "big", args: ["x"] },
  ]);
});

Deno.test("parseExecutionRequest() bounds tests and the compiler's arguments, and refuses to stop where nothing is tested", () => {
  const faulty = [
    { tests: Array.from({ length: MAX_TESTS + 1 }, () => ({})) },
    { tests: [] },
    { tests: [{ verdict: "accepted" }] },
    { compileArgs: Array.from({ length: 65 }, () => "-g") },
    { compileArgs: ["a\0b"] },
    { stopAtFirstFailure: true },
  ];
  for (const fields of faulty) assertThrows(() => parseExecutionRequest({ ...REQUEST, ...fields }), CodeBeakerError);
});

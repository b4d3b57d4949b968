import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { messageOf } from "../../../src/core/errors.ts";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import { ExecutionRequestParser } from "../../../src/core/requests/execution_request_parser.ts";

/** Fields of a request, valid and not: each differs from another in one thing. */
const FIELDS = [
  '{"language":"ts"}',
  '{"language":"typescript"}',
  '{"environment":"typescript"}',
  '{"language":"nope"}',
  '{"language":""}',
  '{"language":null}',
  '{"language":"typescript","__proto__":{}}',
  '{"language":"typescript","constructor":1}',
  '{"language":"typescript","timeoutMs":5}',
  '{"language":"typescript","timeoutMs":1e400}',
  '{"language":"typescript","minIsolation":0}',
  '{"language":"typescript","minIsolation":-0}',
  '{"language":"typescript","encoding":"base64"}',
  '{"language":"typescript","encoding":"utf8","explain":true}',
  '{"language":"typescript","entrypoint":"main.ts"}',
  '{"language":"typescript","entrypoint":"other.ts"}',
  '{"language":"typescript","args":["a"],"stdin":"b"}',
  '{"language":"typescript","env":{"A":"b"}}',
  '{"language":"typescript","files":[{"path":"a.ts","content":"1"}]}',
  '{"language":"typescript","files":[{"path":"main.ts","content":"1"}]}',
  '{"language":"typescript","permissions":{"allowNet":true},"limits":{"memoryMb":64},"outputs":["*.txt"]}',
];
const CODES = ["", "1", "MQ==", "\ud800", "x".repeat(1_048_577), 1, null, undefined];

const request = fc.tuple(fc.constantFrom(...FIELDS), fc.constantFrom(...CODES)).map(([fields, code]): unknown =>
  code === undefined ? JSON.parse(fields) : { ...JSON.parse(fields), code }
);

function resultOf(parse: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return parse(value);
  } catch (error) {
    return messageOf(error);
  }
}

Deno.test("ExecutionRequestParser parses whatever comes as it is parsed alone, also what is like an earlier request", () => {
  const parser = new ExecutionRequestParser();
  fc.assert(
    fc.property(fc.oneof(request, fc.json().map((text) => JSON.parse(text))), (value) => {
      const alone = resultOf(parseExecutionRequest, value);
      assertEquals(resultOf((one) => parser.parse(one), value), alone);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("ExecutionRequestParser gives each request its own code, beside the same checked fields", () => {
  const parser = new ExecutionRequestParser();
  const [one, other] = ["1", "2"].map((code) => parser.parse({ language: "typescript", code }));
  assertEquals([one?.code, other?.code], [new Uint8Array([0x31]), new Uint8Array([0x32])]);
  assertEquals(one?.limits === other?.limits, true);
  const many = Array.from({ length: 100 }, (_, index) => ({ language: "typescript", timeoutMs: index + 1, code: "1" }));
  for (const value of many) parser.parse(value);
  assertEquals(parser.parse({ language: "typescript", code: "1" }).limits === one?.limits, false); // It was dropped.
});

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { messageOf } from "../../../src/core/errors.ts";
import {
  CELLS,
  EXECUTIONS,
  RepeatedRequestParser,
  type RequestKind,
} from "../../../src/core/requests/repeated_request_parser.ts";

/** Fields of a request, valid and not: each differs from another in one thing. */
const FIELDS = [
  "{}",
  '{"timeoutMs":5,"limits":{"cpuMs":20}}',
  '{"limits":{"memoryMb":64}}',
  '{"explain":true}',
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

/** Checks that requests are parsed as they are parsed alone, also those that are like an earlier one. */
function checkKind<Request>(kind: RequestKind<Request>): void {
  const parser = new RepeatedRequestParser(kind);
  fc.assert(
    fc.property(fc.oneof(request, fc.json().map((text) => JSON.parse(text))), (value) => {
      const alone = resultOf((one) => kind.parse(one), value);
      assertEquals(resultOf((one) => parser.parse(one), value), alone);
    }),
    { numRuns: 2_000 },
  );
}

Deno.test("RepeatedRequestParser parses whatever comes as it is parsed alone, also what is like an earlier request", () => {
  checkKind(EXECUTIONS);
  checkKind(CELLS);
});

Deno.test("RepeatedRequestParser gives each request its own code, beside the same checked fields", () => {
  const parser = new RepeatedRequestParser(EXECUTIONS);
  const [first, one, other] = ["0", "1", "2"].map((code) => parser.parse({ language: "typescript", code }));
  assertEquals([first?.code, one?.code, other?.code], [0x30, 0x31, 0x32].map((byte) => new Uint8Array([byte])));
  assertEquals(one?.limits === other?.limits, true);
  const many = Array.from({ length: 100 }, (_, index) => ({ language: "typescript", timeoutMs: index + 1, code: "1" }));
  for (const value of many) parser.parse(value);
  assertEquals(parser.parse({ language: "typescript", code: "1" }).limits === one?.limits, false); // It was dropped.
});

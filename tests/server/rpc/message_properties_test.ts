import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../../support/any_text.ts";
import { executionRequestSchema } from "../../../src/core/requests/execution_request.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseJson } from "../../../src/core/parsing/parse_json.ts";
import { translateCommand, translateParams } from "../../../src/server/rpc/legacy/translate_params.ts";
import { readMessage } from "../../../src/server/rpc/message.ts";

const key = fc.constantFrom(
  "jsonrpc",
  "id",
  "method",
  "params",
  "__proto__",
  "LANGUAGE",
  "code",
  "Timeout",
  "config",
  "type",
  "path",
);
const value = fc.oneof(fc.constant('"2.0"'), fc.constant('"execute"'), fc.json({ maxDepth: 2 }));
const object = fc.array(fc.tuple(key, value), { maxLength: 6 }).map((fields) =>
  `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`
);
const message = fc.oneof(
  object,
  fc.array(object, { maxLength: 5 }).map((objects) => `[${objects.join()}]`),
  fc.json(),
  anyText(),
  fc.array(fc.constantFrom("[", "]", "{", "}", '"', "\\", ",", ":", "1", " "), { maxLength: 30 }).map((parts) =>
    parts.join("")
  ),
);

Deno.test("readMessage() makes requests or errors of any text, and throws nothing", () => {
  fc.assert(
    fc.property(message, (text) => {
      const read = readMessage(text, { maxRequests: 3, requestId: "r" });
      for (const request of [read].flat()) {
        if ("error" in request) assert([-32700, -32600].includes(request.error.code));
        else assert(typeof request.method === "string" && ["object", "undefined"].includes(typeof request.params));
      }
    }),
    { numRuns: 800 },
  );
});

Deno.test("parseJson() reads any text as JSON.parse() does, and fails where it fails", () => {
  const read = (parse: (text: string) => unknown, text: string) => {
    try {
      return { value: parse(text) };
    } catch (error) {
      assert(error instanceof SyntaxError, `${error}`);
      return undefined;
    }
  };
  fc.assert(
    fc.property(message, (text) => {
      assertEquals(read((text) => parseJson(text, { what: "it" }), text), read(JSON.parse, text));
    }),
    { numRuns: 800 },
  );
});

Deno.test("translateParams() and translateCommand() throw nothing but invalid_request, whatever JSON they are given", () => {
  fc.assert(
    fc.property(fc.oneof(object, fc.json()), (text) => {
      for (
        const read of [
          (value: unknown) => translateParams(executionRequestSchema, value, []),
          (value: unknown) => translateCommand(value, []),
        ]
      ) {
        try {
          read(JSON.parse(text));
        } catch (error) {
          assertEquals(error instanceof CodeBeakerError && error.code, "invalid_request", `${error}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

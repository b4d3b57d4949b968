import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { COMMANDS, findCommand } from "../../src/commands/mod.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";

const CODES = ["invalid_request", "permission_denied", "too_large", "unsupported_language"];
const NAMES = COMMANDS.flatMap(({ type, aliases }) => [type, ...aliases]);
const FIELDS = [
  "path",
  "source",
  "destination",
  "content",
  "code",
  "command",
  "args",
  "env",
  "packages",
  "patch",
  "mode",
  "id",
  "__proto__",
  "constructor",
];

const anyJson = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text));
const field = fc.oneof(fc.constantFrom(...FIELDS), fc.string());
const command = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.array(fc.tuple(field, fc.json({ maxDepth: 2 })), { maxLength: 5 }),
)
  .map(([type, fields]): unknown =>
    JSON.parse(
      `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value},`).join("")}"type":${JSON.stringify(type)}}`,
    )
  );

Deno.test("findCommand() throws nothing but errors of the wire contract, whatever JSON it is given", () => {
  fc.assert(
    fc.property(fc.oneof(command, anyJson), (value) => {
      try {
        findCommand(value);
      } catch (error) {
        assert(error instanceof CodeBeakerError && CODES.includes(error.code), `${error}`);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("findCommand() refuses a field that no command has, of every command", () => {
  const known = new Set(FIELDS.slice(0, -2));
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.string({ minLength: 1, unit: "grapheme" }), (type, name) => {
      if (known.has(name) || name === "type") return;
      const value = Object.defineProperty({ type }, name, { value: 1, enumerable: true });
      try {
        findCommand(value);
      } catch (error) {
        return assertEquals(error instanceof CodeBeakerError && error.code, "invalid_request");
      }
      throw new Error(`${type} takes ${JSON.stringify(name)}`);
    }),
    { numRuns: 300 },
  );
});

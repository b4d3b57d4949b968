import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { type LimitName, LIMITS } from "../../../src/core/limits.ts";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import { parseSelectionRequest } from "../../../src/core/requests/selection_request.ts";
import { PREFERENCES } from "../../../src/core/answers/vocabulary.ts";
import { parseSessionExecution, parseSessionRequest } from "../../../src/core/requests/session_request.ts";

const PARSERS = { parseExecutionRequest, parseSelectionRequest, parseSessionRequest, parseSessionExecution };
const CODES = ["invalid_request", "permission_denied", "too_large"];

/** Any value as JSON carries it, also with keys that Object knows. */
const anyJson = fc.json({ maxDepth: 4 }).map((text): unknown => JSON.parse(text));
const key = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "a",
  "language",
  "code",
  "files",
  "permissions",
  "limits",
  "env",
);
const oddObject = fc.array(fc.tuple(key, fc.json({ maxDepth: 2 }))).map((entries): unknown =>
  JSON.parse(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`)
);

const limit = (name: LimitName) => fc.integer({ min: LIMITS[name].min, max: LIMITS[name].max });
const name = fc.stringMatching(/^[a-z]{1,8}$/);
const limits = fc.record({ memoryMb: limit("memoryMb"), cpuMs: limit("cpuMs"), diskMb: limit("diskMb") }, {
  requiredKeys: [],
});
const permissions = fc.record({
  allowRead: fc.array(name.map((text) => `/${text}`), { maxLength: 3 }),
  allowNet: fc.oneof(fc.boolean(), fc.array(fc.domain(), { minLength: 1, maxLength: 3 })),
  allowEnv: fc.array(fc.stringMatching(/^[a-c]{1,4}$/), { maxLength: 3 }),
  allowRun: fc.boolean(),
});
const wellFormed = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\0", ""));
const variables = fc.dictionary(fc.stringMatching(/^A[A-Z_]{0,5}$/), wellFormed, { maxKeys: 4 });

const program = {
  code: fc.string({ unit: "grapheme" }),
  files: fc.uniqueArray(
    fc.record({ path: name.map((text) => `d/${text}.txt`), content: wellFormed, encoding: fc.constant("utf8") }),
    {
      selector: ({ path }) => path,
      maxLength: 4,
    },
  ),
  args: fc.array(wellFormed, { maxLength: 4 }),
  stdin: wellFormed,
  env: variables,
  timeoutMs: limit("timeoutMs"),
  limits,
};
const selection = {
  language: fc.constantFrom("typescript", "python", "go", "ruby"),
  preference: fc.constantFrom(...PREFERENCES),
  minIsolation: fc.integer({ min: 0, max: 10 }),
  runtime: name,
  permissions,
};

/** A request for each parser that it takes. */
const valid = {
  parseExecutionRequest: fc.record({ ...program, ...selection }),
  parseSelectionRequest: fc.record({ ...selection, timeoutMs: program.timeoutMs, limits }),
  parseSessionRequest: fc.record({
    ...selection,
    limits,
    env: variables,
    metadata: fc.dictionary(name, fc.json({ maxDepth: 3 }).filter((text) => !text.includes("__proto__"))).map((texts) =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text)]))
    ),
  }),
  parseSessionExecution: fc.record(program),
} satisfies Record<keyof typeof PARSERS, fc.Arbitrary<Record<string, unknown>>>;

type Names = keyof typeof PARSERS;
const names = Object.keys(PARSERS) as Names[];

/** Whether a parser takes a value; whatever it does not take it refuses with an error of the wire contract. */
function isTaken(parser: Names, value: unknown): boolean {
  try {
    PARSERS[parser](value);
    return true;
  } catch (error) {
    assert(error instanceof CodeBeakerError && CODES.includes(error.code), `${error}`);
    return false;
  }
}

/** Every object in a value that a schema lists the fields of, by a way to it. */
function objectsIn(value: Record<string, unknown>): Record<string, unknown>[] {
  const below = [value["permissions"], value["limits"], ...(Array.isArray(value["files"]) ? value["files"] : [])];
  return [value, ...below.filter((item) => typeof item === "object" && item !== null)];
}

for (const parser of names) {
  Deno.test(`${parser}() throws nothing but errors of the wire contract, whatever JSON it is given`, () => {
    fc.assert(fc.property(fc.oneof(anyJson, oddObject), (value) => void isTaken(parser, value)), { numRuns: 500 });
  });

  Deno.test(`${parser}() throws nothing else where one field of a valid request is anything`, () => {
    const part = fc.tuple(valid[parser], fc.nat(), fc.oneof(anyJson, oddObject));
    fc.assert(
      fc.property(part, ([request, index, value]) => {
        const fields = Object.keys(request);
        isTaken(parser, { ...request, [fields[index % fields.length] ?? ""]: value });
      }),
      { numRuns: 300 },
    );
  });

  Deno.test(`${parser}() takes a valid request, changes nothing of it, and says what it says`, () => {
    fc.assert(
      fc.property(valid[parser], (request) => {
        const before = structuredClone(request);
        const { limits, files, code, ...parsed } = PARSERS[parser](request) as unknown as Record<string, unknown>;
        assertEquals(request, before);
        const given = { ...request } as Record<string, unknown>;
        const { limits: givenLimits, files: givenFiles, code: givenCode, timeoutMs, ...rest } = given;
        assertEquals(limits, { ...givenLimits as object, timeoutMs });
        const text = (bytes: unknown) =>
          new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes as Uint8Array<ArrayBuffer>);
        if (givenCode !== undefined) assertEquals(text(code), givenCode);
        const read = (files as { path: string; bytes: Uint8Array }[] | undefined)?.map(({ path, bytes }) => ({
          path,
          content: text(bytes),
          encoding: "utf8",
        }));
        assertEquals(read, givenFiles);
        for (const [field, value] of Object.entries(rest)) {
          if (field !== "permissions") assertEquals([field, parsed[field]], [field, value]);
          else assertEquals(parsed[field], { allowWrite: [], ...value as object });
        }
      }),
      { numRuns: 300 },
    );
  });

  Deno.test(`${parser}() refuses an unknown field wherever it stands, and names it`, () => {
    const odd = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "Code", "langage", "\n", "ｃｏｄｅ"),
      fc.string({ minLength: 1, unit: "grapheme" }),
    );
    fc.assert(
      fc.property(valid[parser], odd, fc.nat(), fc.jsonValue({ maxDepth: 1 }), (request, field, index, value) => {
        const changed = structuredClone(request) as Record<string, unknown>;
        const objects = objectsIn(changed);
        const place = objects[index % objects.length] ?? changed;
        if (Object.hasOwn(place, field) || isField(field)) return;
        Object.defineProperty(place, field, { value, enumerable: true });
        const error = assertThrows(() => PARSERS[parser](changed), CodeBeakerError);
        assertEquals(error.code, "invalid_request");
        const shown = JSON.stringify(field).slice(1, -1).slice(0, 20);
        assert(
          error.details.errors?.some(({ path }) => path.includes(shown)),
          `${JSON.stringify(field)}: ${error.message}`,
        );
      }),
      { numRuns: 300 },
    );
  });
}

/** Names that some object of the requests has. */
function isField(name: string): boolean {
  return [
    ...Object.keys(LIMITS),
    "environment",
    "entrypoint",
    "allowWrite",
    "idleTimeoutMs",
    "maxLifetimeMs",
    "files",
    "stdin",
  ].includes(name);
}

import { z } from "zod";
import { invalidField } from "../errors.ts";
import { strictObject } from "../parsing/validation.ts";
import { argumentListSchema } from "./content.ts";

/** Most tests of one request. */
export const MAX_TESTS = 200;
const MAX_COMPILE_ARGS = 64;

/** One run of a program, and what it has to print. */
export interface ProgramTest {
  /** Default: its number. */
  readonly name: string;
  /** Default: the request's. */
  readonly stdin?: string;
  /** Default: the request's. */
  readonly args?: readonly string[];
  /** Absent, no output is compared. */
  readonly expected?: string;
}

/** The part of a request that compiles a program once and tests it. */
export interface TestRequest {
  /** Words for the compiler, after its own. Absent, there are none. */
  readonly compileArgs?: readonly string[];
  /** Absent, the program runs once. */
  readonly tests?: readonly ProgramTest[];
  /** Whether no test runs after one that was not accepted. Absent, all run. */
  readonly stopAtFirstFailure?: boolean;
}

const testSchema = strictObject({
  name: z.string().min(1).max(256).optional().describe("Absent, its number, from 1"),
  stdin: z.string().optional().describe("Absent, that of the request"),
  args: argumentListSchema.optional().describe("Absent, those of the request"),
  expected: z.string().optional().describe(
    "What it has to print; white space at the end of lines and of the text does not count. Absent, nothing is compared",
  ),
});

/** The wire form of tests, and of the compiler's arguments. */
export const testFields = {
  compileArgs: argumentListSchema.max(MAX_COMPILE_ARGS).optional().describe(
    "Arguments for the compiler of a compiled language, after its own",
  ),
  tests: z.array(testSchema).min(1).max(MAX_TESTS).optional().describe(
    "Runs of the program, one after the other, each under the limits of the request. It is compiled once",
  ),
  stopAtFirstFailure: z.boolean().optional().describe("Whether no test runs after one that was not accepted"),
};

/**
 * Takes the tests out of a request.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function toTestRequest(
  { compileArgs = [], stopAtFirstFailure, tests }: z.output<z.ZodObject<typeof testFields>>,
): TestRequest {
  if (stopAtFirstFailure !== undefined && tests === undefined) {
    throw invalidField("stopAtFirstFailure", "It is about tests: name the tests of the program in `tests`");
  }
  return {
    ...(compileArgs.length === 0 ? {} : { compileArgs }),
    ...(tests === undefined ? {} : { tests: tests.map(toTest) }),
    ...(stopAtFirstFailure === undefined ? {} : { stopAtFirstFailure }),
  };
}

function toTest(
  { args, expected, name, stdin }: z.output<typeof testSchema>,
  index: number,
): ProgramTest {
  return {
    name: name ?? String(index + 1),
    ...(stdin === undefined ? {} : { stdin }),
    ...(args === undefined ? {} : { args }),
    ...(expected === undefined ? {} : { expected }),
  };
}

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { CommandContext } from "../../src/commands/mod.ts";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import type { ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import type { FakeEnvironment, FakeRun } from "../support/fake_environment.ts";
import { runCommand } from "../support/run_command.ts";

/** The limits that tests give a command, none of them a default. */
export const LIMITS_GIVEN = { ...DEFAULT_LIMITS, timeoutMs: 5_000, memoryMb: 99, maxOutputBytes: 1_000 };

/** A command as a client sends it. */
export type Asked = Readonly<Record<string, unknown>>;

/** What a command answers, under {@link LIMITS_GIVEN}. */
export function ask(environment: FakeEnvironment, command: unknown): Promise<unknown> {
  return runCommand(environment, command, { limits: LIMITS_GIVEN });
}

/** What a command that runs a program answers, beside the one thing that the environment was asked to run. */
export async function askToRun(
  environment: FakeEnvironment,
  asked: { readonly command: Asked; readonly context?: Partial<CommandContext> },
): Promise<FakeRun & { readonly result: ProgramResult }> {
  const before = environment.runs.length;
  const result = await runCommand(environment, asked.command, { limits: LIMITS_GIVEN, ...asked.context });
  const run = environment.runs.at(-1);
  assert(run !== undefined && environment.runs.length === before + 1);
  return { ...run, result: result as ProgramResult };
}

/** Asserts how a command fails: its code, the field it names where `field` is given; hands out the error for more. */
export async function assertRefused(
  environment: FakeEnvironment,
  expected: { readonly command: unknown; readonly code: ErrorCode; readonly field?: string },
): Promise<CodeBeakerError> {
  const error = await assertRejects(() => ask(environment, expected.command), CodeBeakerError);
  const { command, code, field } = expected;
  assertEquals([command, error.code], [command, code]);
  if (field !== undefined) assertEquals([command, error.details.errors?.[0]?.path], [command, field]);
  return error;
}

/** Asserts that each set of fields is `invalid_request` and names the field; the command's other fields are given. */
export async function assertFieldsRefused(
  environment: FakeEnvironment,
  given: { readonly base: Asked; readonly table: readonly (readonly [fields: Asked, field: string])[] },
): Promise<void> {
  for (const [fields, field] of given.table) {
    await assertRefused(environment, { command: { ...given.base, ...fields }, code: "invalid_request", field });
  }
}

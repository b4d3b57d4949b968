import { z } from "zod";
import { invalidField } from "../core/errors.ts";
import { parseAs, unknownName } from "../core/parsing/validation.ts";
import type { ProgramResult } from "../core/execution.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { Command, CommandContext } from "./command.ts";
import { applyPatch } from "./apply_patch.ts";
import { copyFile } from "./copy_file.ts";
import { createDirectory } from "./create_directory.ts";
import { deleteFile } from "./delete_file.ts";
import { diff } from "./diff.ts";
import { executeCode } from "./execute_code.ts";
import { executeShell } from "./execute_shell.ts";
import { installPackages } from "./install_packages.ts";
import { listDirectory } from "./list_directory.ts";
import { moveFile } from "./move_file.ts";
import { readFile } from "./read_file.ts";
import { writeFile } from "./write_file.ts";

export type { Command, CommandContext } from "./command.ts";
export { executeShell, installPackages, listDirectory, readFile, writeFile };
export { type AnswerMemory, memoryOf } from "./answer_memory.ts";
export { TextWorkerPool } from "./texts/text_worker_pool.ts";
export { describeEnd, type OnInput, runProgram, type RunProgramOptions, unlessAborted } from "./run_program.ts";
export { runFile } from "./run_tests.ts";

/** Every command. */
export const COMMANDS: readonly Command[] = [
  executeCode,
  executeShell,
  writeFile,
  readFile,
  createDirectory,
  copyFile,
  moveFile,
  deleteFile,
  listDirectory,
  installPackages,
  diff,
  applyPatch,
];

const anyCommand = z.looseObject({ type: z.string().max(64), id: z.string().max(256).optional() });

/** A parsed command, to be run in an environment. */
export type FoundCommand =
  | {
    readonly runsProgram: true;
    /** Whether the answer explains the choice of the runtime. */
    readonly explain: boolean;
    /** Whether its program reads the stdin of the context. */
    readonly isFed: boolean;
    /** The type and the parsed fields, which identify the command. */
    readonly request: object;
    run(environment: ExecutionEnvironment, context: CommandContext): Promise<ProgramResult>;
  }
  | {
    readonly runsProgram: false;
    run(environment: ExecutionEnvironment, context: CommandContext): Promise<unknown>;
    /** Whether a result is a success. */
    succeeded(result: unknown): boolean;
  };

/**
 * Parses a command object.
 *
 * @throws {CodeBeakerError} `invalid_request` for an unknown command or an invalid field
 */
export function findCommand(value: unknown): FoundCommand {
  const { type, id: _, ...given } = parseAs(anyCommand, value, { what: "the command" });
  const command = COMMANDS.find((known) => known.type === type || known.aliases.includes(type));
  if (command === undefined) {
    throw invalidField("type", `Unknown command ${unknownName(type, COMMANDS.map((known) => known.type))}`);
  }
  const renamed = renameFields(given, command.fieldAliases);
  const what = `the ${command.type} command`;
  if (command.runsProgram) {
    const fields = parseAs(command.schema, renamed, { what });
    return {
      runsProgram: true,
      explain: fields.explain,
      isFed: command.isFed?.(fields) ?? false,
      request: { type: command.type, ...fields },
      run: (environment, context) => command.run(environment, fields, context),
    };
  }
  const fields = parseAs(command.schema, renamed, { what });
  return {
    runsProgram: false,
    run: (environment, context) => command.run(environment, fields, context),
    succeeded: (result) => command.succeeded?.(result) ?? true,
  };
}

function renameFields(
  given: Record<string, unknown>,
  aliases: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const renamed = new Map<string, unknown>();
  for (const [name, value] of Object.entries(given)) {
    const target = Object.hasOwn(aliases, name) ? aliases[name] ?? name : name;
    if (target !== name && Object.hasOwn(given, target)) {
      throw invalidField(name, `"${name}" is an alias of "${target}": name one of them`);
    }
    renamed.set(target, value);
  }
  return Object.fromEntries(renamed);
}

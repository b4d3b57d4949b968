import type { z } from "zod";
import type { ProgramResult } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { RunProgramOptions } from "./run_program.ts";
import type { TextWorkerPool } from "./texts/text_worker_pool.ts";

/** The settings under which a command runs. */
export interface CommandContext
  extends
    Pick<RunProgramOptions, "signal" | "kept" | "stdin" | "memory" | "onStart" | "onOutput" | "permissionBounds"> {
  /** The limits of the command's programs. A command may lower them, and may raise only the time. */
  readonly limits: Limits;
  /** Longest time that a command may ask for, in ms. Default: the limit. */
  readonly maxTimeoutMs?: number | undefined;
  /** Whether packages may be installed. Default: false. */
  readonly mayInstall?: boolean;
  /** The service's text workers; absent, the command makes its own. */
  readonly texts?: TextWorkerPool;
}

interface AnyCommand<Schema extends z.ZodType> {
  readonly type: string;
  readonly aliases: readonly string[];
  /** Old names of the command's fields, with their present names. */
  readonly fieldAliases: Readonly<Record<string, string>>;
  readonly schema: Schema;
}

/** The schema of a command that runs a program; it has the {@link programFields}. */
type ProgramSchema = z.ZodType<{ readonly explain: boolean }>;

/** A command that runs a program, one at a time in an environment. */
export interface ProgramCommand<Schema extends ProgramSchema = ProgramSchema> extends AnyCommand<Schema> {
  readonly runsProgram: true;
  /** Whether its program reads the stdin of the context. Default: false. */
  isFed?(fields: z.output<Schema>): boolean;
  run(environment: ExecutionEnvironment, fields: z.output<Schema>, context: CommandContext): Promise<ProgramResult>;
}

/** A command that uses the files of an environment. */
export interface FileCommand<Schema extends z.ZodType = z.ZodType, Result = unknown> extends AnyCommand<Schema> {
  readonly runsProgram: false;
  run(environment: ExecutionEnvironment, fields: z.output<Schema>, context: CommandContext): Promise<Result>;
  /** Whether a result is a success. Default: true. */
  succeeded?(result: Result): boolean;
}

/**
 * A command that a client may send to an execution environment. Each is a file in this folder and a line in `COMMANDS`.
 */
export type Command = ProgramCommand | FileCommand;

/** Defines a command that runs a program, with its `run` typed by its schema. */
export function defineProgramCommand<Schema extends ProgramSchema>(
  command: Omit<ProgramCommand<Schema>, "runsProgram">,
): ProgramCommand<Schema> {
  return { ...command, runsProgram: true };
}

/** Defines a command that uses files, with its `run` typed by its schema. */
export function defineFileCommand<Schema extends z.ZodType, Result>(
  command: Omit<FileCommand<Schema, Result>, "runsProgram">,
): FileCommand<Schema, Result> {
  return { ...command, runsProgram: false };
}

import type { z } from "zod";
import type { ProgramResult } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { RunProgramOptions } from "./run_program.ts";
import type { TextWorkerPool } from "./text_worker_pool.ts";

/** What holds while a command runs. */
export interface CommandContext
  extends Pick<RunProgramOptions, "signal" | "kept" | "stdin" | "onStart" | "onOutput" | "permissionBounds"> {
  /** The limits of the programs it starts; a command may only lower them, but for the time. */
  readonly limits: Limits;
  /** The most that a command may name as the time of its program, in ms; absent, what `limits` say. */
  readonly maxTimeoutMs?: number | undefined;
  /** Whether packages may be installed; absent, they may not. */
  readonly mayInstall?: boolean;
  /** Where all commands of a service work with texts; absent, nobody else does. */
  readonly texts?: TextWorkerPool;
}

interface AnyCommand<Schema extends z.ZodType> {
  readonly type: string;
  readonly aliases: readonly string[];
  /** Old names of its fields, and the names they stand for. */
  readonly fieldAliases: Readonly<Record<string, string>>;
  readonly schema: Schema;
}

/** A command that runs a program, one at a time in an environment. */
export interface ProgramCommand<Schema extends z.ZodType = z.ZodType> extends AnyCommand<Schema> {
  readonly runsProgram: true;
  /** Whether its program reads what the context feeds it; absent, it never does. */
  isFed?(fields: z.output<Schema>): boolean;
  run(environment: ExecutionEnvironment, fields: z.output<Schema>, context: CommandContext): Promise<ProgramResult>;
}

/** A command that uses the files of an environment. */
export interface FileCommand<Schema extends z.ZodType = z.ZodType, Result = unknown> extends AnyCommand<Schema> {
  readonly runsProgram: false;
  run(environment: ExecutionEnvironment, fields: z.output<Schema>, context: CommandContext): Promise<Result>;
  /** Whether what was asked was done; absent, a result always says so. */
  succeeded?(result: Result): boolean;
}

/** One thing that a client may ask of an execution environment: a file in this folder and a line in `COMMANDS`. */
export type Command = ProgramCommand | FileCommand;

/** A command whose `run` sees the fields as its schema makes them, and runs a program. */
export function defineProgramCommand<Schema extends z.ZodType>(
  command: Omit<ProgramCommand<Schema>, "runsProgram">,
): ProgramCommand<Schema> {
  return { ...command, runsProgram: true };
}

/** A command whose `run` sees the fields as its schema makes them, and uses files. */
export function defineFileCommand<Schema extends z.ZodType, Result>(
  command: Omit<FileCommand<Schema, Result>, "runsProgram">,
): FileCommand<Schema, Result> {
  return { ...command, runsProgram: false };
}

import type { z } from "zod";
import type { OutputChunk } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { ExecutionEnvironment } from "../runtimes/runtime.ts";

/** What holds while a command runs. */
export interface CommandContext {
  /** The limits of the programs it starts; a command may only lower them. */
  readonly limits: Limits;
  readonly signal?: AbortSignal;
  /** Sees what its program prints, as it comes; the program waits until it returns. */
  onOutput?(chunk: OutputChunk): Promise<void> | void;
}

/** One thing that a client may ask of an execution environment: a file in this folder and a line in `COMMANDS`. */
export interface Command<Schema extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly aliases: readonly string[];
  /** Old names of its fields, and the names they stand for. */
  readonly fieldAliases: Readonly<Record<string, string>>;
  readonly schema: Schema;
  run(environment: ExecutionEnvironment, fields: z.output<Schema>, context: CommandContext): Promise<unknown>;
}

/** A command whose `run` sees the fields as its schema makes them. */
export function defineCommand<Schema extends z.ZodType>(command: Command<Schema>): Command<Schema> {
  return command;
}

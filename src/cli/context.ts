import type { Command } from "commander";
import { type Output, print, printError } from "./output.ts";

/** The streams of a command line, and its access to a service. They belong to this process, or to a test. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  /** The bytes of stdin. */
  stdin(): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Sends a request to a service. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** This process. */
export const THIS_PROCESS: Surroundings = {
  stdout: Deno.stdout,
  stderr: Deno.stderr,
  stdin: () => Deno.stdin.readable,
  fetch,
};

/** The context of a command beside its own arguments and flags. */
export interface CommandContext extends Surroundings {
  /** Writes a line to stdout. Returns whether its reader still exists. */
  print(line: string): Promise<boolean>;
  /** Writes a line to stderr; best effort. */
  printError(line: string): Promise<void>;
  /** Sets the exit code of a command that ends without an error. Absent, it is 0. */
  setExitCode(code: number): void;
  /** Loads the whole command line, with the flags of every subcommand. */
  loadProgram(): Promise<Command>;
}

/** Gives a command its arguments, its flags and its action. */
export type DefineCommand = (command: Command, context: CommandContext) => void;

/** A row of the table of subcommands. It loads the subcommand's module when it is used. */
export interface Subcommand {
  readonly name: string;
  readonly description: string;
  load(): Promise<DefineCommand>;
}

/** The context of one command line. */
export function contextOf(
  surroundings: Surroundings,
  commandLine: Pick<CommandContext, "setExitCode" | "loadProgram">,
): CommandContext {
  return {
    ...surroundings,
    print: (line) => print(line, surroundings.stdout),
    printError: (line) => printError(line, surroundings.stderr),
    ...commandLine,
  };
}

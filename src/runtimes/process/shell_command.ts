import { CodeBeakerError } from "../../core/errors.ts";
import type { CommandLine, CommandProgram, CommandSpec } from "./spec.ts";

/** The longest part of a command that its refusal shows. */
const MAX_SHOWN_LENGTH = 80;

/** The command lines that a runtime runs, and the runtimes that run others. */
export interface ShellCommands {
  /** The name of the runtime. */
  readonly runtime: string;
  readonly own: CommandSpec | undefined;
  /** Whether a layer of the operating system confines any program. */
  readonly runsOthers: boolean;
  /** Names of the other runtimes that run any command line. */
  readonly elsewhere: readonly string[];
}

/**
 * Parses a command line that a runtime runs as its own program. Undefined where the runtime runs the command as it is.
 *
 * @throws {CodeBeakerError} `permission_denied` where it runs neither; the error of the runtime's own command
 */
export function parseShellCommand(
  { command, args, workingDirectory }: CommandLine,
  { elsewhere, own, runsOthers, runtime }: ShellCommands,
): CommandProgram | undefined {
  const program = command === own?.name ? own?.parse({ args, workingDirectory }) : undefined;
  if (program !== undefined || runsOthers) return program;
  const others = elsewhere.length === 0 ? "no other runtime is known" : elsewhere.join(", ");
  throw commandDenied(
    [command, ...args].join(" ").slice(0, MAX_SHOWN_LENGTH),
    `only ${own?.usage ?? "files of the workspace"} can be confined here on the ${runtime} runtime; ` +
      `it takes one that confines any program (${others})`,
  );
}

/** The refusal of a command line. */
export function commandDenied(what: string, why: string): CodeBeakerError {
  return new CodeBeakerError("permission_denied", `Cannot run ${JSON.stringify(what)} as ${why}`);
}

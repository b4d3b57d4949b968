import { CommanderError } from "commander";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { type CommandContext, contextOf, type Surroundings, THIS_PROCESS } from "./context.ts";
import { EXIT_USAGE, writeText } from "./output.ts";
import { createProgram, loadProgram } from "./program.ts";

export { hosted, type HostedService } from "./hosted.ts";

/** The exit code of a command that failed. */
const EXIT_FAILURE = 1;

/** Runs one command line, and returns the exit code. It does not end the process. */
export async function runCli(args: readonly string[], surroundings: Surroundings = THIS_PROCESS): Promise<number> {
  let exitCode = 0;
  const context: CommandContext = contextOf(surroundings, {
    setExitCode: (code) => exitCode = code,
    loadProgram: () => loadProgram(context),
  });
  let help = "";
  let fault = "";
  const program = createProgram(context, {
    writeOut: (text) => help += text,
    writeErr: (text) => fault += text,
  });
  try {
    await program.parseAsync(toFlag(args), { from: "user" }).catch(async (error: unknown) => {
      if (!(error instanceof CommanderError)) throw error;
      await writeText(context.stdout, help);
      await writeText(context.stderr, fault);
      exitCode = error.exitCode === 0 || args.length === 0 ? 0 : EXIT_USAGE;
    });
    return exitCode;
  } catch (error) {
    const { code, message } = error instanceof CodeBeakerError ? error : unforeseen(error);
    await context.printError(`codebeaker: ${message}`);
    return code === "invalid_request" ? EXIT_USAGE : EXIT_FAILURE;
  }
}

/** Turns `help NAME` into `NAME --help`. The flags of a subcommand are loaded only when it is used. */
function toFlag([first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return [];
  return first === "help" ? [...rest, "--help"] : [first, ...rest];
}

/** Makes an error of one line from an unforeseen error. */
function unforeseen(error: unknown): CodeBeakerError {
  const [reason] = messageOf(error).split("\n");
  return new CodeBeakerError("internal", `Cannot finish this command as ${reason}`, { cause: error });
}

import { Command, CommanderError } from "commander";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { addAuditCommand } from "./audit.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addKeysCommand } from "./keys.ts";
import { EXIT_USAGE, printError } from "./output.ts";
import { RUNTIMES } from "../runtimes/registry.ts";
import { addRunCommand } from "./run.ts";
import { addRuntimeCommand } from "./runtime_command.ts";
import { addRuntimesCommand } from "./runtimes.ts";
import { addServeCommand } from "./serve.ts";

export { hosted } from "./hosted.ts";

/** The exit code of a command that failed. */
const EXIT_FAILURE = 1;

const SUBCOMMANDS = [
  addServeCommand,
  addRunCommand,
  addRuntimesCommand,
  addDoctorCommand,
  addKeysCommand,
  addAuditCommand,
];

/** Runs one command line. Returns the exit code; it exits nothing itself. */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const setExitCode = (code: number) => exitCode = code;
  const program = new Command("codebeaker")
    .description("Runs code that nobody has vetted, on the lightest runtime that is safe enough for it.")
    .enablePositionalOptions()
    .exitOverride();
  for (const add of SUBCOMMANDS) add(program, setExitCode);
  for (const { commands } of RUNTIMES) {
    for (const command of commands) addRuntimeCommand(program, command, setExitCode);
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 || args.length === 0 ? 0 : EXIT_USAGE;
    const { code, message } = error instanceof CodeBeakerError ? error : unforeseen(error);
    await printError(`codebeaker: ${message}`);
    return code === "invalid_request" ? EXIT_USAGE : EXIT_FAILURE;
  }
}

/** An unforeseen error in one line. */
function unforeseen(error: unknown): CodeBeakerError {
  const [reason] = messageOf(error).split("\n");
  return new CodeBeakerError("internal", `Cannot finish this command as ${reason}`, { cause: error });
}

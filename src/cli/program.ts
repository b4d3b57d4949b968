import { Command } from "commander";
import { VERSION } from "../core/version.ts";
import type { CommandContext, DefineCommand } from "./context.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/** The outputs for a program's help and errors. */
interface ProgramOutput {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

const EXAMPLES = `
Examples:
  codebeaker serve                        listen on 127.0.0.1:8000
  codebeaker run main.py                  run a program without a service
  codebeaker run -e 'print(6 * 7)' --language python
  codebeaker doctor                       what is missing here, and what to install
"codebeaker COMMAND --help" lists what a command takes.`;

/** Creates the command line of this project. A subcommand gets its flags when it is used. */
export function createProgram(context: CommandContext, output: Partial<ProgramOutput> = {}): Command {
  const program = new Command("codebeaker")
    .description("Runs untrusted code, on the lightest runtime that is safe enough for it.")
    .version(VERSION, "--version", "print the version")
    .enablePositionalOptions()
    .configureOutput(output)
    // A description names the values of its option.
    .configureHelp({ optionDescription: ({ description }) => description })
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  for (const { name, description } of SUBCOMMANDS) program.command(name).description(description);
  return program.hook("preSubcommand", async (_, command) => {
    for (const { name, load } of SUBCOMMANDS) if (name === command.name()) (await load())(command, context);
    command.hook("preSubcommand", passFlags);
  });
}

/**
 * Gives a command the flags that stand before its name. It is a usage error where the command does not take one of them;
 * its own flags, which are read later, count more.
 */
function passFlags(parent: Command, command: Command): void {
  for (const option of parent.options) {
    const name = option.attributeName();
    if (parent.getOptionValueSource(name) !== "cli") continue;
    const isTaken = command.options.some((own) => own.attributeName() === name);
    if (!isTaken) command.error(`error: "${parent.name()} ${command.name()}" does not take ${option.long}`);
    command.setOptionValueWithSource(name, parent.getOptionValue(name), "cli");
  }
}

/** Loads the whole command line, with the flags of every subcommand. */
export async function loadProgram(context: CommandContext): Promise<Command> {
  const program = createProgram(context);
  const definitions = await Promise.all(
    SUBCOMMANDS.map(async ({ name, load }): Promise<[string, DefineCommand]> => [name, await load()]),
  );
  const byName = new Map(definitions);
  for (const command of program.commands) byName.get(command.name())?.(command, context);
  return program;
}

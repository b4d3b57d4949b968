import { Command } from "commander";
import type { CommandContext } from "./context.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/** Where a program writes its help and its errors. */
interface ProgramOutput {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

/** The command line of this project; a subcommand gets its flags when it is used. */
export function createProgram(context: CommandContext, output: ProgramOutput): Command {
  const program = new Command("codebeaker")
    .description("Runs code that nobody has vetted, on the lightest runtime that is safe enough for it.")
    .enablePositionalOptions()
    .configureOutput(output)
    .exitOverride();
  for (const { name, description } of SUBCOMMANDS) program.command(name).description(description);
  return program.hook("preSubcommand", async (_, command) => {
    for (const { name, load } of SUBCOMMANDS) if (name === command.name()) (await load())(command, context);
  });
}

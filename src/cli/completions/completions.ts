import { Argument, type Command } from "commander";
import type { CommandContext } from "../context.ts";
import { bashCompletions } from "./bash.ts";
import { type CommandRow, commandTable } from "./command_table.ts";
import { fishCompletions } from "./fish.ts";
import { zshCompletions } from "./zsh.ts";

/** The supported shells, with the functions that make their completions. */
const SHELLS: Readonly<Record<string, (name: string, table: readonly CommandRow[]) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

const USE = `
To use them:
  bash  codebeaker completions bash > ~/.local/share/bash-completion/completions/codebeaker
  zsh   codebeaker completions zsh > "\${fpath[1]}/_codebeaker"
  fish  codebeaker completions fish > ~/.config/fish/completions/codebeaker.fish`;

/** Defines `codebeaker completions`, which prints the completions of this command line for a shell. */
export function defineCompletions(command: Command, context: CommandContext): void {
  command
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SHELLS)))
    .addHelpText("after", USE)
    .action(async (shell: string) => {
      const program = await context.loadProgram();
      await context.print(SHELLS[shell]?.(program.name(), commandTable(program)) ?? "");
    });
}

import type { CommandContext, DefineCommand } from "../context.ts";
import { loadConfig } from "../../config.ts";
import type { RuntimeCommand } from "../../runtimes/entry.ts";
import { addSettings, pickSettings } from "../settings.ts";
import { runLongTask } from "./long_task.ts";

/** Defines a subcommand that a runtime brings. */
export function defineRuntimeCommand(own: RuntimeCommand): DefineCommand {
  return (command, context) => {
    for (const { name, help } of own.arguments) command.argument(name, help);
    for (const { flag, help } of own.flags) command.option(flag, help);
    addSettings(command, [...own.settings, "scratch"]).action(async () =>
      context.setExitCode(await runCommand(own, { args: command.args, flags: command.opts(), context }))
    );
  };
}

interface Given {
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  readonly context: CommandContext;
}

async function runCommand(own: RuntimeCommand, { args, flags, context }: Given): Promise<number> {
  const { runtimes: settings, scratch } = await loadConfig(pickSettings(flags));
  return await runLongTask(context, async ({ progress, signal }) => {
    const print = (line: string) => progress.above(() => context.print(line));
    await own.run({ args, flags, settings, scratch, signal, progress, print });
  });
}

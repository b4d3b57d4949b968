import type { CommandContext, DefineCommand } from "../context.ts";
import { loadConfig } from "../../config.ts";
import type { RuntimeCommand } from "../../runtimes/entry.ts";
import { exitCodeOfSignal } from "../exit_code.ts";
import { interruptible } from "../interruptible.ts";
import { ProgressLine } from "../progress_line.ts";
import { addSettings, pickSettings } from "../settings.ts";

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
  using interrupt = interruptible();
  const { signal } = interrupt;
  await using progress = new ProgressLine(context.stderr, { signal });
  const print = (line: string) => progress.above(() => context.print(line));
  const printError = (line: string) => progress.above(() => context.printError(line));
  const { runtimes, scratch } = await loadConfig(pickSettings(flags));
  try {
    await own.run({ args, flags, settings: runtimes, scratch, signal, progress, print, printError });
    return 0;
  } catch (error) {
    if (signal.aborted) return exitCodeOfSignal(signal.reason);
    throw error;
  }
}

import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import type { RuntimeCommand } from "../runtimes/entry.ts";
import { exitCodeOfSignal } from "./exit_code.ts";
import { interruptible } from "./interruptible.ts";
import { print, printError } from "./output.ts";
import { addSettings, pickSettings } from "./settings.ts";

/** Mounts a subcommand that a runtime brings. */
export function addRuntimeCommand(
  program: Command,
  own: RuntimeCommand,
  setExitCode: (code: number) => void,
): void {
  const command = program.command(own.name).description(own.description);
  for (const { name, help } of own.arguments) command.argument(name, help);
  for (const { flag, help } of own.flags) command.option(flag, help);
  addSettings(command, [...own.settings, "scratch"]).action(async () => setExitCode(await runCommand(own, command)));
}

async function runCommand(own: RuntimeCommand, command: Command): Promise<number> {
  const { signal } = interruptible();
  const flags = command.opts();
  const { runtimes, scratch } = await loadConfig(pickSettings(flags));
  try {
    await own.run({ args: command.args, flags, settings: runtimes, scratch, signal, print, printError });
    return 0;
  } catch (error) {
    if (signal.aborted) return exitCodeOfSignal(signal.reason);
    throw error;
  }
}

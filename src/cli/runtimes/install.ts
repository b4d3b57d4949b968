import { Argument, type Command } from "commander";
import { loadConfig } from "../../config.ts";
import type { RuntimeEntry } from "../../runtimes/entry.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { CommandContext } from "../context.ts";
import { addSettings, pickSettings } from "../settings.ts";
import { installEach } from "./install_each.ts";
import type { LongTask } from "./long_task.ts";

/** The runtimes whose binaries can be installed, by name. */
const INSTALLABLE: ReadonlyMap<string, RuntimeEntry> = new Map(
  RUNTIMES.filter(({ install }) => install !== undefined).map((entry) => [entry.name, entry]),
);

/** Defines `codebeaker runtimes install`, which fetches binaries of runtimes into the service's home. */
export function defineRuntimesInstall(command: Command, context: CommandContext): void {
  command.description("install the binary of a runtime into the home of the service, from npm's registry")
    .addArgument(new Argument("<names...>", "the runtimes").choices([...INSTALLABLE.keys()]));
  addSettings(command, ["home", "npmRegistry"]).action(async (names: readonly string[], flags) =>
    context.setExitCode(await installRuntimes({ names, flags }, context))
  );
}

async function installRuntimes(
  { flags, names }: { readonly names: readonly string[]; readonly flags: Readonly<Record<string, unknown>> },
  context: CommandContext,
): Promise<number> {
  const { home, runtimes: settings } = await loadConfig(pickSettings(flags));
  const install = (name: string, options: LongTask & { readonly home: string }) =>
    INSTALLABLE.get(name)?.install?.({ settings, ...options });
  return await installEach({ what: "a runtime", names, home, install }, context);
}

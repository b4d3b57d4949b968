import type { Command } from "commander";
import { composeCommand } from "../compose/mod.ts";
import { loadConfig } from "../config.ts";
import { formatTable, print } from "./output.ts";
import { addSettings, runtimeSettings, settingsFor } from "./settings.ts";

/** `codebeaker runtimes`: the runtimes of this machine and their capabilities. */
export function addRuntimesCommand(program: Command): void {
  addSettings(program.command("runtimes").description("list the runtimes"), [
    ...settingsFor("runtimes"),
    ...runtimeSettings(),
  ]).action(
    listRuntimes,
  );
}

async function listRuntimes(flags: Record<string, unknown>): Promise<void> {
  await using service = await composeCommand(await loadConfig(flags));
  const runtimes = await service.engine.describeRuntimes();
  const rows = runtimes.map(({ name, available, reason, isolation, capabilities, environments }) => [
    name,
    available ? "yes" : `no: ${reason}`,
    String(isolation.level),
    `${capabilities.startupTimeMs} ms`,
    `${capabilities.memoryOverheadMB} MB`,
    environments.map((environment) => environment.name).join(", "),
  ]);
  await print(formatTable(["RUNTIME", "AVAILABLE", "ISOLATION", "STARTUP", "MEMORY", "LANGUAGES"], rows));
}

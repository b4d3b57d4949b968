import type { Command } from "commander";
import { z } from "zod";
import type { Answer } from "../../core/answers/answer.ts";
import { describeObstacle } from "../../core/capabilities.ts";
import type { CommandContext } from "../context.ts";
import { formatTable } from "../output.ts";
import { askOwnEngine } from "../own_engine.ts";
import { addServiceFlags, ServiceClient, type ServiceFlags } from "../service_client.ts";
import { defineRuntimesInstall } from "./install.ts";
import { addSettings, runtimeSettings, settingsFor } from "../settings.ts";

/** The shown fields of the answer of `GET /v1/runtimes`. */
const runtimesSchema = z.looseObject({
  runtimes: z.array(z.looseObject({
    name: z.string(),
    available: z.boolean(),
    reason: z.string().optional(),
    remedy: z.string().optional(),
    isolation: z.looseObject({ level: z.number() }),
    capabilities: z.looseObject({ startupTimeMs: z.number(), memoryOverheadMB: z.number() }),
    environments: z.array(z.looseObject({ name: z.string() })),
  })),
});

interface RuntimesFlags extends ServiceFlags {
  readonly [setting: string]: unknown;
}

/**
 * Defines `codebeaker runtimes`, which lists runtimes and their capabilities. They are those of this machine, or of a
 * running service.
 */
export function defineRuntimes(command: Command, context: CommandContext): void {
  defineRuntimesInstall(command.command("install"), context);
  command.option("--json", "print what GET /v1/runtimes answers");
  addServiceFlags(command, "default: none, this machine is examined");
  addSettings(command, [...settingsFor("runtimes"), ...runtimeSettings()])
    .action((flags: RuntimesFlags) => listRuntimes(flags, context));
}

async function listRuntimes({ json, url, key, ...settings }: RuntimesFlags, context: CommandContext): Promise<void> {
  const found = url === undefined
    ? { runtimes: await askOwnEngine(settings, (engine) => engine.describeRuntimes()) }
    : await new ServiceClient({ url, key }, context).askJson("/v1/runtimes", runtimesSchema);
  await context.print(json ? JSON.stringify(found, null, 2) : formatRuntimes(found));
}

/** Formats a table of runtimes. Below it are the reasons of unavailable runtimes. */
function formatRuntimes({ runtimes }: Answer<typeof runtimesSchema>): string {
  const rows = runtimes.map(({ name, available, isolation, capabilities, environments }) => [
    name,
    available ? "yes" : "no",
    String(isolation.level),
    `${capabilities.startupTimeMs} ms`,
    `${capabilities.memoryOverheadMB} MB`,
    environments.map((environment) => environment.name).join(", "),
  ]);
  const table = formatTable(["RUNTIME", "AVAILABLE", "ISOLATION", "STARTUP", "MEMORY", "LANGUAGES"], rows);
  const absent = runtimes.filter(({ available }) => !available);
  return [table, ...absent.map((runtime) => `\n${runtime.name}: ${describeObstacle(runtime)}`)].join("\n");
}

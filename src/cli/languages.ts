import type { Command } from "commander";
import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { CommandContext } from "./context.ts";
import { formatTable } from "./output.ts";
import { askOwnEngine } from "./own_engine.ts";
import { defineLanguagesAdd } from "./languages_add.ts";
import { addServiceFlags, ServiceClient, type ServiceFlags } from "./service_client.ts";
import { addSettings, runtimeSettings, settingsFor } from "./settings.ts";

/** The shown fields of the answer of `GET /v1/languages`. */
const languagesSchema = z.looseObject({
  languages: z.array(z.looseObject({
    name: z.string(),
    aliases: z.array(z.string()),
    available: z.boolean(),
    reason: z.string().optional(),
    runtimes: z.array(z.string()),
    contexts: z.boolean(),
  })),
});

interface LanguagesFlags extends ServiceFlags {
  readonly [setting: string]: unknown;
}

/**
 * Defines `codebeaker languages`, which lists supported languages, and adds some. They are those of this machine, or of
 * a running service.
 */
export function defineLanguages(command: Command, context: CommandContext): void {
  defineLanguagesAdd(command.command("add"), context);
  defineList(command.command("list").description("list the languages, as without a subcommand"), context);
  defineList(command, context);
}

function defineList(command: Command, context: CommandContext): void {
  command.option("--json", "print what GET /v1/languages answers");
  addServiceFlags(command, "default: none, this machine is examined");
  addSettings(command, [...settingsFor("runtimes"), ...runtimeSettings()])
    .action((flags: LanguagesFlags) => listLanguages(flags, context));
}

async function listLanguages({ json, url, key, ...settings }: LanguagesFlags, context: CommandContext): Promise<void> {
  const found = url === undefined
    ? { languages: await askOwnEngine(settings, (engine) => engine.describeLanguages()) }
    : await new ServiceClient({ url, key }, context).askJson("/v1/languages", languagesSchema);
  await context.print(json ? JSON.stringify(found, null, 2) : formatLanguages(found));
}

/** Formats a table of languages. Below it are the reasons of unavailable languages, each once. */
function formatLanguages({ languages }: Answer<typeof languagesSchema>): string {
  const rows = languages.map(({ name, aliases, available, runtimes, contexts }) => [
    name,
    aliases.length === 0 ? "-" : aliases.join(", "),
    runtimes.join(", "),
    contexts ? "yes" : "no",
    available ? "yes" : "no",
  ]);
  const absent = Map.groupBy(languages.filter(({ available }) => !available), ({ reason = "unknown" }) => reason);
  const reasons = [...absent].map(([reason, found]) => `\n${found.map(({ name }) => name).join(", ")}: ${reason}`);
  return [formatTable(["LANGUAGE", "ALIASES", "RUNTIMES", "CONTEXTS", "AVAILABLE"], rows), ...reasons].join("\n");
}

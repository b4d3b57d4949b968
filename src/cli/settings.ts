import { type Command, Option } from "commander";
import { z } from "zod";
import { flagOf, SETTINGS, variableOf } from "../config.ts";
import { yesOrNo } from "../core/parsing/written_schemas.ts";
import type { Setting } from "../core/settings.ts";
import { RUNTIMES } from "../runtimes/registry.ts";

/** The heading of settings in `--help`, below the flags of the command itself. */
const SETTINGS_GROUP = "Settings:";

/** Adds a flag for each of these settings to a command. It also adds the flag for the file of settings. */
export function addSettings(command: Command, names: readonly string[]): Command {
  const file = new Option("--config <file>", "JSON file of settings (CODEBEAKER_CONFIG)");
  command.addOption(file.helpGroup(SETTINGS_GROUP));
  for (const [name, { default: fallback, help, schema, shown = String(fallback) }] of Object.entries(SETTINGS)) {
    if (!names.includes(name)) continue;
    const text = `${help} (${variableOf(name)}, default: ${shown === "" ? "none" : shown})`;
    const option = new Option(`${flagOf(name)} <value>`, text);
    command.addOption(suggest(option, valuesOf(schema)).helpGroup(SETTINGS_GROUP));
  }
  return command;
}

/** Sets the values that completions suggest for a flag. The flag's reader decides about other values. */
export function suggest(option: Option, values: readonly (string | number)[]): Option {
  option.argChoices = values.map(String);
  return option;
}

function valuesOf(schema: Setting["schema"]): readonly (string | number)[] {
  if (schema === yesOrNo) return ["true", "false"];
  return schema instanceof z.ZodEnum ? schema.options : [];
}

/** The general settings that a command takes. */
export function settingsFor(command: string): string[] {
  return Object.entries(SETTINGS).filter(([, { commands = [] }]) => commands.includes(command)).map(([name]) => name);
}

/** The settings of every runtime. Each command that makes runtimes takes them. */
export function runtimeSettings(): string[] {
  return RUNTIMES.flatMap(({ settings }) => Object.keys(settings));
}

/** Picks the settings out of a command's flags. */
export function pickSettings(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => name === "config" || name in SETTINGS));
}

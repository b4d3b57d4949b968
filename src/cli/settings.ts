import { type Command, Option } from "commander";
import { flagOf, type SettingName, SETTINGS, variableOf } from "../config.ts";

/** Gives a command a flag for each of these settings, and for the file that holds settings. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  command.addOption(new Option("--config <file>", "JSON file of settings (CODEBEAKER_CONFIG)"));
  for (const name of names) {
    const { help, default: fallback } = SETTINGS[name];
    const shown = fallback === "" ? "none" : fallback;
    command.addOption(new Option(`${flagOf(name)} <value>`, `${help} (${variableOf(name)}, default: ${shown})`));
  }
  return command;
}

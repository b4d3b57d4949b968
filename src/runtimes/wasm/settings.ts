import { settingsOfPart, type SettingTable, type SettingValues } from "../../core/settings.ts";
import { NPM_REGISTRY } from "../ecmascript/settings.ts";
import { SERVICE_BINARY } from "../service_binary/settings.ts";
import type { RuntimeHost } from "../port.ts";
import { RUNTIME_NAME } from "./facts.ts";

/** This runtime's settings. Its programs are modules in a Deno, and parts of languages come from npm. */
export const SETTINGS = { denoBinary: SERVICE_BINARY, npmRegistry: NPM_REGISTRY } as const satisfies SettingTable;

/** The settings that a host has for this runtime. */
export function settingsOf({ settings }: Pick<RuntimeHost, "settings">): SettingValues<typeof SETTINGS> {
  return settingsOfPart(SETTINGS, { name: RUNTIME_NAME, settings });
}

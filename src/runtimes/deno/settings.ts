import { z } from "zod";
import { settingsOfPart, type SettingTable, type SettingValues } from "../../core/settings.ts";
import { NPM_REGISTRY } from "../ecmascript/settings.ts";
import type { RuntimeHost } from "../port.ts";
import { RUNTIME_NAME } from "./facts.ts";

/** This runtime's settings. */
export const SETTINGS = {
  denoBinary: {
    schema: z.string().min(1),
    default: undefined, // The running binary: to ask for its path takes a permission that a host may not grant.
    shown: "the running one",
    help: "the deno that runs programs",
  },
  npmRegistry: NPM_REGISTRY,
} as const satisfies SettingTable;

/** The settings that a host has for this runtime. */
export function settingsOf({ settings }: Pick<RuntimeHost, "settings">): SettingValues<typeof SETTINGS> {
  return settingsOfPart(SETTINGS, { name: RUNTIME_NAME, settings });
}

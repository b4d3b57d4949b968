import { yesOrNo } from "../../core/parsing/written_schemas.ts";
import { settingsOfPart, type SettingTable, type SettingValues } from "../../core/settings.ts";
import { NPM_REGISTRY } from "../ecmascript/settings.ts";
import type { RuntimeHost } from "../port.ts";

/** The runtime's name on the wire. */
export const RUNTIME_NAME = "isolate";

/** This runtime's settings. */
export const SETTINGS = {
  isolateReuse: {
    schema: yesOrNo,
    default: true,
    help: "whether a process of the isolate runtime runs one program of a tenant after another; else each has its own",
  },
  isolateJitless: {
    schema: yesOrNo,
    default: false,
    help: "whether isolates make no machine code, for a smaller attack surface: slower, without WebAssembly and types",
  },
  npmRegistry: NPM_REGISTRY,
} as const satisfies SettingTable;

/** The settings that a host has for this runtime. */
export function settingsOf({ settings }: Pick<RuntimeHost, "settings">): SettingValues<typeof SETTINGS> {
  return settingsOfPart(SETTINGS, { name: RUNTIME_NAME, settings });
}

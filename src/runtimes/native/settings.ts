import type { SettingTable } from "../../core/settings.ts";
import type { FactsHost } from "../entry.ts";
import { LANGUAGES } from "./languages/mod.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "native";

/** This runtime's settings. */
export const SETTINGS = {} as const satisfies SettingTable;

/** The languages of a host by their names. */
export function languagesOf(_host: Pick<FactsHost, "settings">): Readonly<Record<string, LanguageRow>> {
  return LANGUAGES;
}

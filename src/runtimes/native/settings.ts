import { z } from "zod";
import { strictObject } from "../../core/parsing/validation.ts";
import { jsonOf } from "../../core/parsing/written_schemas.ts";
import { settingsOfPart, type SettingTable, type SettingValues } from "../../core/settings.ts";
import type { FactsHost } from "../entry.ts";
import { PIP_INDEX } from "../interpreters/python/pip.ts";
import { LANGUAGE_FIELDS, languagesSchema, withConfigured } from "../languages/settings.ts";
import { LANGUAGES } from "./languages/mod.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The runtime's name on the wire. */
export const RUNTIME_NAME = "native";

const languageSchema = strictObject({
  binary: z.string().regex(
    /^(?:[^/]+|\/usr\/(?!(?:.*\/)?\.\.(?:\/|$)).+)$/,
    "A name that is found in a directory of packages, or a path below /usr, which is what programs see of this machine",
  ).optional(),
  ...LANGUAGE_FIELDS,
});

/** This runtime's settings. */
export const SETTINGS = {
  nativeLanguages: {
    schema: jsonOf(languagesSchema(languageSchema, {
      builtIn: LANGUAGES,
      needs: ["binary", "file", "run"],
      needsPlaceholder: "{file}",
      placeholders: ["{binary}", "{file}", "{output}", "{prebuilt}", "{heapMb}"],
      what: "A language",
    })),
    default: {},
    shown: "those that are built in",
    help:
      'further languages of this machine, as JSON: {"tcl": {"binary": "tclsh", "file": "main.tcl", "run": ["{binary}", "{file}"]}}',
  },
  pipIndex: PIP_INDEX,
} as const satisfies SettingTable;

/** The settings that a host has for this runtime. @throws {CodeBeakerError} `invalid_request` that names the setting */
export function settingsOf({ settings }: Pick<FactsHost, "settings">): SettingValues<typeof SETTINGS> {
  return settingsOfPart(SETTINGS, { name: RUNTIME_NAME, settings });
}

/**
 * The languages of a host by their names.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the setting
 */
export function languagesOf(host: Pick<FactsHost, "settings">): Readonly<Record<string, LanguageRow>> {
  return withConfigured<LanguageRow, LanguageSettings>(LANGUAGES, settingsOf(host).nativeLanguages, { complete });
}

type LanguageSettings = z.output<typeof languageSchema>;

/**
 * Completes a configured language from the built-in one. If it has a command line of its own, the built-in compiler and
 * waiter do not apply, and the prebuilt directory only where it names `{prebuilt}`. A binary of its own need not come
 * with the built-in one's Debian package.
 */
function complete(
  known: LanguageRow = { binaries: [""], run: [], memoryEndings: [] },
  { binary, compile, env, file, run }: LanguageSettings,
): LanguageRow {
  const { debianPackage, ...base } = known;
  const { compile: _compile, prebuilt, waiter: _waiter, ...rest } = base;
  const isPrebuiltUsed = [...compile ?? [], ...run ?? []].some((word) => word.includes("{prebuilt}"));
  return {
    ...(run === undefined ? base : { ...rest, ...(isPrebuiltUsed && prebuilt && { prebuilt }), run }),
    ...(compile === undefined ? {} : { compile }),
    ...(binary === undefined ? debianPackage && { debianPackage } : { binaries: [binary] }),
    ...(file === undefined ? {} : { mainFile: file }),
    variables: { ...known.variables, ...env },
  };
}

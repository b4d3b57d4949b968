import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import { jsonOf } from "../../core/parsing/written_schemas.ts";
import { parseSettings, type SettingTable, type SettingValues, withDefaults } from "../../core/settings.ts";
import type { FactsHost } from "../entry.ts";
import { LANGUAGE_FIELDS, languagesSchema } from "../languages/settings.ts";
import { LANGUAGES } from "./languages/mod.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "native";

const languageSchema = strictObject({
  binary: z.string().regex(
    /^(?:[^/]+|\/usr\/(?!(?:.*\/)?\.\.(?:\/|$)).+)$/,
    "A name that is found in a directory of packages, or a path below /usr, which is what programs see of this machine",
  ).optional(),
  ...LANGUAGE_FIELDS,
}).superRefine(({ compile, run }, context) => {
  const [field, line] = compile === undefined ? ["run", run] as const : ["compile", compile] as const;
  if (line === undefined || line.some((word) => word.includes("{file}"))) return;
  context.addIssue({ code: "custom", path: [field], message: 'One of the words holds "{file}", the program\'s file' });
});

/** This runtime's settings. */
export const SETTINGS = {
  nativeLanguages: {
    schema: jsonOf(languagesSchema(languageSchema, {
      isBuiltIn: (name) => builtIn(name) !== undefined,
      needs: ["binary", "file", "run"],
      what: "A language",
    })),
    default: {},
    shown: "those that are built in",
    help:
      'further languages of this machine, as JSON: {"tcl": {"binary": "tclsh", "file": "main.tcl", "run": ["{binary}", "{file}"]}}',
  },
  pipIndex: {
    schema: z.url({ protocol: /^https?$/, error: "Must be a URL of http or https" }),
    default: "https://pypi.org/simple/",
    shown: "PyPI",
    help: "index that the native runtime installs Python packages from",
  },
} as const satisfies SettingTable;

/** The settings that a host has for this runtime. @throws {CodeBeakerError} `invalid_request` that names the setting */
export function settingsOf({ settings }: Pick<FactsHost, "settings">): SettingValues<typeof SETTINGS> {
  const given = parseSettings(SETTINGS, settings[RUNTIME_NAME] ?? {}, { what: `the settings of ${RUNTIME_NAME}` });
  return withDefaults(SETTINGS, given);
}

/**
 * The languages of a host by their names.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the setting
 */
export function languagesOf(host: Pick<FactsHost, "settings">): Readonly<Record<string, LanguageRow>> {
  const { nativeLanguages } = settingsOf(host);
  const configured = Object.entries<LanguageSettings>(nativeLanguages).map(([name, language]) => {
    const canonical = canonicalLanguage(name);
    return [canonical, complete(builtIn(canonical), language)] as const;
  });
  return { ...LANGUAGES, ...Object.fromEntries(configured) };
}

type LanguageSettings = z.output<typeof languageSchema>;

/** A configured language with what it leaves to the built-in one, which its own command line replaces whole. */
function complete(known: LanguageRow | undefined, given: LanguageSettings): LanguageRow {
  const { binary, env = {}, file } = given;
  const { compile: ownCompile, waiter: _, ...rest } = known ?? { binaries: [""], run: [], memoryEndings: [] };
  const compile = given.compile ?? (given.run === undefined ? ownCompile : undefined);
  return {
    ...(given.run === undefined && known !== undefined ? known : rest),
    ...(compile === undefined ? {} : { compile }),
    ...(given.run === undefined ? {} : { run: given.run }),
    ...(binary === undefined ? {} : { binaries: [binary] }),
    ...(file === undefined ? {} : { mainFile: file }),
    variables: { ...known?.variables, ...env },
  };
}

function builtIn(name: string): LanguageRow | undefined {
  return Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
}

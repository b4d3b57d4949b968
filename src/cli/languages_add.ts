import { Argument, type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config.ts";
import type { AddedLanguages } from "../runtimes/entry.ts";
import { RUNTIMES } from "../runtimes/registry.ts";
import type { CommandContext } from "./context.ts";
import { installEach } from "./runtimes/install_each.ts";
import type { LongTask } from "./runtimes/long_task.ts";
import { addSettings, pickSettings } from "./settings.ts";

/** The runtimes that have languages to add. */
const RUNTIMES_WITH_MORE = RUNTIMES.flatMap(({ languages, settings }) =>
  languages === undefined ? [] : [{ languages, settings }]
);
/** The languages that can be added, by name. */
const ADDABLE: ReadonlyMap<string, AddedLanguages> = new Map(
  RUNTIMES_WITH_MORE.flatMap(({ languages }) => languages.names.map((name) => [name, languages] as const)),
);

/** Defines `codebeaker languages add`, which fetches parts of languages into the service's home. */
export function defineLanguagesAdd(command: Command, context: CommandContext): void {
  const names = new Argument("<names...>", "the languages").argParser(collectName);
  names.argChoices = [...ADDABLE.keys()]; // For the help and completions; collectName says more than commander does.
  command.description("install the parts of a language into the home of the service, from npm's registry")
    .addArgument(names);
  const settings = RUNTIMES_WITH_MORE.flatMap((runtime) => Object.keys(runtime.settings));
  addSettings(command, ["home", ...settings]).action(async (names: readonly string[], flags) =>
    context.setExitCode(await addLanguages({ names, flags }, context))
  );
}

/** @throws {InvalidArgumentError} for a name that is no language to add */
function collectName(name: string, names: readonly string[] = []): readonly string[] {
  if (ADDABLE.has(name)) return [...names, name];
  throw new InvalidArgumentError(
    `The languages that can be added are ${[...ADDABLE.keys()].join(", ")}. ` +
      `A package is installed in a session, by the command install_packages: { "packages": [${
        JSON.stringify(name)
      }] }.`,
  );
}

async function addLanguages(
  { flags, names }: { readonly names: readonly string[]; readonly flags: Readonly<Record<string, unknown>> },
  context: CommandContext,
): Promise<number> {
  const { home, runtimes: settings, searchPath } = await loadConfig(pickSettings(flags));
  const install = (name: string, options: LongTask & { readonly home: string }) =>
    ADDABLE.get(name)?.add(name, { settings, searchPath, ...options });
  return await installEach({ what: "a language", names, home, install }, context);
}

import { Argument, type Command } from "commander";
import { loadConfig } from "../../config.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AddedLanguages } from "../../runtimes/entry.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { CommandContext } from "../context.ts";
import { runLongTask } from "../runtimes/long_task.ts";
import { addSettings, pickSettings } from "../settings.ts";

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
  command.description("install the parts of a language into the home of the service, from npm's registry")
    .addArgument(new Argument("<names...>", "the languages").choices([...ADDABLE.keys()]));
  const settings = RUNTIMES_WITH_MORE.flatMap((runtime) => Object.keys(runtime.settings));
  addSettings(command, ["home", ...settings]).action(async (names: readonly string[], flags) =>
    context.setExitCode(await addLanguages({ names, flags }, context))
  );
}

async function addLanguages(
  { flags, names }: { readonly names: readonly string[]; readonly flags: Readonly<Record<string, unknown>> },
  context: CommandContext,
): Promise<number> {
  const { home, runtimes: settings, searchPath } = await loadConfig(pickSettings(flags));
  if (home === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      "Cannot add a language without a home directory: name one (--home)",
    );
  }
  return await runLongTask(context, async (task) => {
    for (const name of new Set(names)) {
      const added = await ADDABLE.get(name)?.add(name, { home, settings, searchPath, ...task });
      if (added === undefined) continue;
      const { path, version, wasThere } = added;
      await task.progress.above(() =>
        context.print(`${name} (${version})  ${wasThere ? "exists already: " : ""}${path}`)
      );
    }
  });
}

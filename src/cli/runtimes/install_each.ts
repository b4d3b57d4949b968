import type { InstalledBinary } from "../../runtimes/entry.ts";
import type { CommandContext } from "../context.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import { type LongTask, runLongTask } from "./long_task.ts";

/** The names of things to install in a home, and their installation. */
export interface InstallEachRequest {
  /** The kind of thing, as `a runtime`. */
  readonly what: string;
  readonly names: readonly string[];
  readonly home: string | undefined;
  install(name: string, options: LongTask & { readonly home: string }): Promise<InstalledBinary> | undefined;
}

/**
 * Installs each name once, prints its place, and returns the exit code.
 *
 * @throws {CodeBeakerError} `invalid_request` without a home
 */
export async function installEach(
  { home, install, names, what }: InstallEachRequest,
  context: CommandContext,
): Promise<number> {
  if (home === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot install ${what} without a home directory: name a directory (--home)`,
    );
  }
  return await runLongTask(context, async (task) => {
    for (const name of new Set(names)) {
      const installed = await install(name, { home, ...task });
      if (installed === undefined) continue;
      const { notRemoved, path, version, wasThere } = installed;
      await task.progress.above(() =>
        context.print(`${name} ${version}  ${wasThere ? "exists already: " : ""}${path}`)
      );
      if (notRemoved === undefined) continue;
      await task.progress.above(() =>
        context.printError(`${name} is installed, and other versions of it are still there: ${notRemoved}`)
      );
    }
  });
}

import { dirname, join } from "@std/path";
import { runtimeUnavailable } from "../../core/errors.ts";
import { removeTree } from "../../host/remove_tree.ts";
import { runTool } from "../../process/run_tool.ts";
import { cannotInstall, installDirectory, removeOtherVersions, takePackage } from "../ecmascript/npm_package.ts";
import { flagList, isListable } from "../service_binary/flag_list.ts";
import { serviceBinary } from "../service_binary/service_binary.ts";
import type { InstalledBinary, LanguageRequest } from "../entry.ts";
import { LANGUAGES } from "./languages/mod.ts";
import type { ModuleSet } from "./languages/row.ts";
import { COMMON_FLAGS } from "./launch.ts";
import { holdsParts, type NamedLanguage, partsPath, sealParts } from "./parts.ts";
import { settingsOf } from "./settings.ts";

/** The directory of the modules that prepare, below the parts, until they have done so. */
const PREPARATION = "preparation";
/** Longest time of a preparation, in ms. It is many times what one takes on a busy machine. */
const PREPARATION_MS = 600_000;

/** How long the steps of an installation may take. */
export interface InstallationBounds {
  /** Longest time of a download without a byte, in ms. Default: a minute. */
  readonly idleMs?: number;
  /** Longest time of the preparation, in ms. Default: ten minutes. */
  readonly preparationMs?: number;
}

/**
 * Installs the parts of a language into the home, unless they are there. It takes them out of packages of npm's, each
 * checked against its digest, and makes further ones. They are there as a whole or not at all.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where they cannot be installed; the file system's error
 */
export async function addLanguage(name: string, request: LanguageRequest): Promise<InstalledBinary> {
  const row = LANGUAGES[name];
  if (row === undefined) throw new Error(`There is no language ${name}`);
  return await addParts({ name, row }, request);
}

/** Whether a home holds the parts of a language. */
export function isAdded(name: string, home: string): boolean {
  const row = LANGUAGES[name];
  return row !== undefined && holdsParts(partsPath(home, { name, row }), row);
}

/** Installs the parts of a language, as {@link addLanguage} does. */
export async function addParts(
  { name, row }: NamedLanguage,
  request: LanguageRequest,
  { idleMs, preparationMs = PREPARATION_MS }: InstallationBounds = {},
): Promise<InstalledBinary> {
  const { home, instance, progress, signal } = request;
  const { denoBinary, npmRegistry: registry } = settingsOf(request);
  const path = partsPath(home, { name, row });
  if (!isListable(path)) {
    const shown = JSON.stringify(home);
    throw runtimeUnavailable({
      reason: `${row.title} cannot be installed in ${shown}, as Deno's lists of permissions cannot carry its path`,
      remedy: "name a home whose path has no commas and no control characters (--home)",
    });
  }
  const version = row.packages.map((found) => `${found.name} ${found.version}`).join(", ");
  const wasThere = await installDirectory(path, {
    isMade: () => holdsParts(path, row),
    async make(staging) {
      const binary = serviceBinary(denoBinary, request).find();
      for (const { files, ...found } of row.packages) {
        using task = progress.begin(`downloading ${found.name} ${found.version}`);
        const taken = Object.entries(files).map(([member, part]) => ({
          member,
          path: join(staging, part),
          mode: 0o644,
        }));
        await takePackage(found, { title: row.title, registry, signal, task, staging, files: taken, idleMs });
      }
      using _task = progress.begin(`preparing ${row.title}`);
      if (row.preparation !== undefined) {
        const options = { title: row.title, binary, directory: staging, timeoutMs: preparationMs, signal };
        await prepare(row.preparation, options);
      }
      await sealParts(staging);
    },
  });
  return { path, version, wasThere, ...await removeOtherVersions(path, { home, instance, name }) };
}

/**
 * Runs modules with the directory as their argument. Their process may read and write nothing else, and is killed at its
 * deadline.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where they fail or take too long
 */
async function prepare(
  { main, texts }: ModuleSet,
  { binary, directory, signal, timeoutMs, title }: {
    readonly title: string;
    readonly binary: string;
    readonly directory: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const modules = join(directory, PREPARATION);
  for (const [path, text] of Object.entries(texts)) {
    const file = join(modules, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  const access = ["--allow-read", "--allow-write"].flatMap((flag) => flagList(flag, [directory]));
  const argv = [binary, "run", ...COMMON_FLAGS, ...access, join(modules, main), directory] as const;
  const deadline = new AbortController();
  const late = () => deadline.abort(cannotInstall(title, `its preparation took more than ${timeoutMs} ms`));
  const timer = setTimeout(late, timeoutMs);
  const env = { DENO_DIR: join(modules, "cache"), NO_COLOR: "1" };
  try {
    await runTool({ argv, env, signal: AbortSignal.any([signal, deadline.signal]) });
  } finally {
    clearTimeout(timer);
  }
  await removeTree(modules);
}

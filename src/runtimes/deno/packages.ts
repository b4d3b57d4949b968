import { join } from "@std/path";
import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { MAX_DESCRIPTORS } from "../../sandbox/confinement.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { removeTree } from "../../host/remove_tree.ts";
import { type Child, runChild } from "../../process/run_child.ts";
import { childVariables } from "./child_variables.ts";
import type { DenoInstallation } from "./installation.ts";
import { parsePackages } from "./package_names.ts";
import type { InstalledPackages } from "./permission_flags.ts";
import { packagesAt, type Places } from "./places.ts";
import { StderrFilter } from "./stderr_filter.ts";

/** Where Deno keeps packages in its own directory. */
const CACHE_NAME = "npm";

/** What holds for one installation. */
export interface InstallOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  /** Address space that Deno reserves as data, in bytes. */
  readonly reservedDataBytes: number;
  /** Paths of the host that Deno's messages hold, and what a client sees in their place. */
  readonly shownPaths: Readonly<Record<string, string>>;
}

/** What an installation left: a directory with these files, which Deno takes as its configuration. */
interface Installed {
  readonly directory: string;
  readonly imports: ReadonlyMap<string, string>;
  readonly lock: string;
}

/**
 * The npm packages of one environment. They lie in Deno's own directory and not in the workspace: with a `node_modules`
 * there (`--node-modules-dir=manual`) Deno would let a program read every file of the host that has such a directory
 * above it. What is installed is what a configuration says that only the service writes, beside the workspace, where no
 * program reaches; nothing that a program leaves is read, and nothing that a package brings is run.
 */
export class Packages {
  readonly #installation: DenoInstallation;
  readonly #directory: ConfinedDirectory;
  readonly #places: Places;
  #installed: Installed | undefined;

  /**
   * @param options.directory of the environment alone
   * @param options.places where its programs find what is theirs
   */
  constructor(
    installation: DenoInstallation,
    options: { readonly directory: ConfinedDirectory; readonly places: Places },
  ) {
    this.#installation = installation;
    this.#directory = options.directory;
    this.#places = options.places;
  }

  /** What a program needs to see of them. */
  mounts(): Mount[] {
    return this.#installed === undefined ? [] : [packagesAt(this.#installed.directory, this.#installation)];
  }

  /** What a program is to be told; undefined when there are none. A program's own additions to the lock end with it. */
  prepare(): InstalledPackages | undefined {
    if (this.#installed === undefined) return undefined;
    const { directory, lock } = this.#installed;
    const lockPath = join(directory, "deno.lock");
    const freshPath = join(directory, `deno.lock-${crypto.randomUUID()}`);
    Deno.writeTextFileSync(freshPath, lock);
    this.#directory.own(freshPath);
    Deno.renameSync(freshPath, lockPath); // Another program may be reading it.
    const { target } = packagesAt(directory, this.#installation);
    return {
      configPath: join(target, "deno.json"),
      lockPath: join(target, "deno.lock"),
      directory: join(this.#places.cache.target, CACHE_NAME),
    };
  }

  /**
   * Installs packages beside those that are there. They can be imported once the child has exited with 0; else
   * everything stays as it was.
   *
   * @throws {CodeBeakerError} `invalid_request` for a name that is none
   */
  async install(packages: readonly string[], options: InstallOptions): Promise<Child> {
    const imports = new Map([...this.#installed?.imports ?? [], ...parsePackages(packages)]);
    const directory = this.#directory.makeDirectory(`packages-${crypto.randomUUID()}`);
    try {
      const configPath = join(directory, "deno.json");
      await Deno.writeTextFile(configPath, JSON.stringify({ imports: Object.fromEntries(imports) }));
      this.#directory.own(configPath);
      return await this.#start({ directory, imports }, options);
    } catch (error) {
      await removeTree(directory);
      throw error;
    }
  }

  async #start(
    { directory, imports }: Pick<Installed, "directory" | "imports">,
    { limits, signal, reservedDataBytes, shownPaths }: InstallOptions,
  ): Promise<Child> {
    const { confinement, npmRegistry } = this.#installation;
    const { binary } = this.#places;
    const packages = packagesAt(directory, this.#installation);
    const child = await runChild({
      ...confinement.confine({
        argv: [binary.target, ...installArguments(packages.target)],
        cwd: packages.target,
        mounts: [binary, packages],
        directory: this.#directory,
        limits,
        reservedDataBytes,
        hasNetwork: true,
        startsOthers: false,
        variables: {
          NO_COLOR: "1",
          ...childVariables({
            temporaryDirectory: packages.target,
            cacheDirectory: join(packages.target, "deno_dir"),
            hasNetwork: true,
            npmRegistry,
          }),
        },
      }),
      limits,
      maxDescriptors: MAX_DESCRIPTORS,
      disk: { bounds: this.#directory.bounds, measure: () => this.#directory.usage() },
      stderrFilter: new StderrFilter({ ...shownPaths, [npmRegistry]: "npm:" }),
      explain: () => undefined,
    }, { signal });
    const outcome = child.outcome.then(async (ended) => {
      await child.gone;
      return await this.#settle({ directory, imports }, ended);
    }).catch((): Outcome => ({ kind: "interrupted", reason: "the packages could not be taken into the workspace" }));
    return { ...child, outcome };
  }

  /** Puts the packages in place of the former, or leaves those; what is not needed any more is removed. */
  async #settle({ directory, imports }: Pick<Installed, "directory" | "imports">, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== "exited" || outcome.exitCode !== 0) {
      await removeTree(directory);
      return outcome;
    }
    const former = this.#installed;
    const lock = await Deno.readTextFile(join(directory, "deno.lock"));
    const place = join(this.#places.cache.source, CACHE_NAME);
    await renameIfThere(place, join(directory, "former"));
    await renameIfThere(join(directory, "deno_dir", CACHE_NAME), place);
    this.#installed = { directory, imports, lock };
    for (const name of ["former", "deno_dir"]) await removeTree(join(directory, name));
    if (former !== undefined) await removeTree(former.directory);
    return outcome;
  }
}

/** Only npm's packages, only as the configuration says, and none of their scripts. */
function installArguments(directory: string): string[] {
  return [
    "install",
    "--no-prompt",
    "--node-modules-dir=none",
    `--config=${join(directory, "deno.json")}`,
    `--lock=${join(directory, "deno.lock")}`,
  ];
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

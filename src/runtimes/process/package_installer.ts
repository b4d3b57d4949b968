import { dirname, join } from "@std/path";
import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import { ignoreMissing, removeTree } from "../../host/remove_tree.ts";
import { type Child, runChild } from "../../process/run_child.ts";
import { MAX_DESCRIPTORS } from "../../sandbox/confinement.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { ChildStderr } from "./child_stderr.ts";
import { HintingFilter } from "./hinting_filter.ts";
import type { ProcessSite } from "./confined_process.ts";
import type { PackageSpec } from "./spec.ts";

/** Where the former packages lie in the staging directory during a swap. */
const FORMER_NAME = "former";

/** The input of an installer: its directory, and the source of every package by name. */
interface Staging {
  readonly directory: string;
  readonly sources: ReadonlyMap<string, string>;
}

/** The result of an installation, in its directory. */
interface Installed extends Staging {
  readonly keptFiles: ReadonlyMap<string, string>;
}

/**
 * The packages of one environment. Each installation runs in a staging directory beside the workspace, which no program
 * reaches, with files that only the service writes. When it has succeeded, its packages replace the former ones.
 */
export class PackageInstaller {
  readonly #site: ProcessSite;
  readonly #spec: PackageSpec;
  #installed: Installed | undefined;

  constructor(site: ProcessSite, spec: PackageSpec) {
    this.#site = site;
    this.#spec = spec;
  }

  /**
   * The directory of the installer, as programs see it; undefined where no packages are installed. Programs write to it
   * only where it has files that are restored.
   */
  get mount(): Mount | undefined {
    if (this.#installed === undefined) return undefined;
    const mount = this.#site.mounts.packages(this.#installed.directory);
    return this.#spec.keptFiles.length === 0 ? { ...mount, access: "read" } : mount;
  }

  /** Restores the kept files, which programs may have changed. */
  prepare(): void {
    if (this.#installed === undefined) return;
    const { directory, keptFiles } = this.#installed;
    for (const [name, text] of keptFiles) {
      const freshPath = join(directory, `${name}-${crypto.randomUUID()}`);
      Deno.writeTextFileSync(freshPath, text);
      this.#site.directory.own(freshPath);
      Deno.renameSync(freshPath, join(directory, name)); // Another program may be reading it.
    }
  }

  /**
   * Installs packages beside those that are there. They can be imported once the child has exited with 0; else
   * everything stays as it was.
   *
   * @throws {CodeBeakerError} `invalid_request` for an invalid name
   */
  async install(
    packages: readonly string[],
    options: { readonly limits: Limits; readonly signal?: AbortSignal | undefined },
  ): Promise<Child> {
    const sources = new Map([...this.#installed?.sources ?? [], ...this.#spec.parse(packages)]);
    const directory = this.#site.directory.makeDirectory(`packages-${crypto.randomUUID()}`);
    try {
      for (const [name, text] of Object.entries(this.#spec.stage(sources))) {
        const path = join(directory, name);
        if (name.includes("/")) this.#site.directory.own(await makeParent(path));
        await Deno.writeTextFile(path, text);
        this.#site.directory.own(path);
      }
      return await this.#start({ directory, sources }, options);
    } catch (error) {
      await removeTree(directory);
      throw error;
    }
  }

  async #start(
    staging: Staging,
    { limits, signal }: { readonly limits: Limits; readonly signal?: AbortSignal | undefined },
  ): Promise<Child> {
    const { directory, host: { confinement }, mounts, shownPaths, spec } = this.#site;
    const mount = mounts.packages(staging.directory);
    const { argv, mounts: own, ownVariables } = this.#spec.launch(this.#site, mount);
    const child = await runChild({
      ...confinement.confine({
        argv,
        cwd: mount.target,
        mounts: [...own, mount],
        directory,
        limits,
        reservedDataBytes: spec.reservedDataBytes,
        hasNetwork: true,
        startsOthers: false,
        variables: ownVariables,
      }),
      limits,
      maxDescriptors: MAX_DESCRIPTORS,
      disk: { bounds: () => directory.bounds, measure: () => directory.usage() },
      stderrFilter: new HintingFilter(
        new ChildStderr({ shownTexts: { ...shownPaths, ...this.#spec.shownTexts }, memoryEndings: [] }),
        this.#spec.hints,
      ),
      explain: () => undefined,
    }, { signal });
    const outcome = child.outcome.then(async (ended) => {
      await child.gone;
      return await this.#settle(staging, ended);
    }).catch((): Outcome => ({ kind: "interrupted", reason: "the packages could not be taken into the workspace" }));
    return { ...child, outcome };
  }

  /**
   * Swaps the former packages for the new ones, if the installer succeeded. Removes directories that are no longer
   * needed.
   */
  async #settle({ directory, sources }: Staging, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== "exited" || outcome.exitCode !== 0) {
      await removeTree(directory);
      return outcome;
    }
    const former = this.#installed;
    const { keptFiles: names, tree } = this.#spec;
    const texts = names.map(async (name) => [name, await Deno.readTextFile(join(directory, name))] as const);
    const keptFiles = new Map(await Promise.all(texts));
    const home = join(this.#site.mounts.directory(tree[0]).source, tree[1]);
    await ignoreMissing(Deno.rename(home, join(directory, FORMER_NAME)));
    await ignoreMissing(Deno.rename(join(directory, ...tree), home));
    this.#installed = { directory, sources, keptFiles };
    for (const name of [FORMER_NAME, tree[0]]) await removeTree(join(directory, name));
    if (former !== undefined) await removeTree(former.directory);
    return outcome;
  }
}

/** Makes the directory of a path, and returns it. */
async function makeParent(path: string): Promise<string> {
  const parent = dirname(path);
  await Deno.mkdir(parent, { recursive: true });
  return parent;
}

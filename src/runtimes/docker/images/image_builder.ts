import { join } from "@std/path";
import { CodeBeakerError } from "../../../core/errors.ts";
import { removeTree } from "../../../host/remove_tree.ts";
import { isMissingTool, runTool, type ToolRequest } from "../../../process/run_tool.ts";
import {
  bootstrapArguments,
  type BuildFacts,
  changesOf,
  type ImageRecipe,
  recipesFor,
  tagsOf,
} from "./image_recipes.ts";

/** How many images are built at the same time. A build uses a mirror and a disk as much as a processor. */
const MAX_BUILDS = 2;

/** Where images are stored. */
export interface ImageStore {
  /** Whether there is an image with this tag. */
  has(tag: string): Promise<boolean>;
  /** Makes an image from a root file system. */
  import(
    tar: ReadableStream<Uint8Array>,
    options: { readonly tag: string; readonly changes: readonly string[] },
  ): Promise<void>;
  /** Gives an image another tag. */
  tag(tag: string, as: string): Promise<void>;
}

/** The progress of one tag. */
export type ImageReport =
  | { readonly kind: "building" | "present"; readonly tag: string }
  | { readonly kind: "built"; readonly tag: string; readonly bytes: number };

/** Options of a build. */
export interface ImageBuildOptions {
  /** Environment names; all when empty. */
  readonly environments: readonly string[];
  /** Whether to build images that exist already. */
  readonly force: boolean;
  /** Where root file systems are built; each takes a few hundred MB during the build. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
  report(report: ImageReport): void | Promise<void>;
  /** Runs a system tool; absent, {@link runTool}. */
  readonly runTool?: (request: ToolRequest) => Promise<void>;
}

/**
 * Builds the images that a store lacks from Debian packages. When a build fails, the others go on.
 *
 * @throws {CodeBeakerError} `invalid_request` for a name without a recipe; the error of the first build that failed, as
 *   `runtime_unavailable`
 */
export async function buildImages(store: ImageStore, options: ImageBuildOptions): Promise<void> {
  const facts = { denoVersion: Deno.version.deno, architecture: Deno.build.arch };
  const queue = recipesFor(options.environments).values();
  const failures: unknown[] = [];
  async function work(): Promise<void> {
    for (const recipe of queue) {
      await provideImage(store, { ...options, recipe, facts }).catch((error: unknown) => failures.push(error));
    }
  }
  await Promise.all(Array.from({ length: MAX_BUILDS }, work));
  if (failures.length > 0) throw failures[0];
}

async function provideImage(
  store: ImageStore,
  options: ImageBuildOptions & { readonly recipe: ImageRecipe; readonly facts: BuildFacts },
): Promise<void> {
  const { recipe, facts, force, report } = options;
  const tags = await tagsOf(recipe, facts);
  const found = force ? [] : await Promise.all(tags.map((tag) => store.has(tag)));
  const [tag] = tags;
  const present = tags.filter((_, index) => found[index]);
  const [source = tag] = present;
  if (present.length === 0) await report({ kind: "building", tag });
  const bytes = present.length === 0 ? await buildImage(store, { ...options, tag }) : undefined;
  for (const each of tags) {
    if (each !== source && !present.includes(each)) await store.tag(source, each);
    await report(bytes === undefined ? { kind: "present", tag: each } : { kind: "built", tag: each, bytes });
  }
}

/** Builds and imports one image; returns the size of its root file system. */
async function buildImage(
  store: ImageStore,
  { recipe, tag, directory, signal, runTool: run = runTool }: ImageBuildOptions & {
    readonly recipe: ImageRecipe;
    readonly tag: string;
  },
): Promise<number> {
  if (recipe.hasDeno && Deno.build.standalone) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot build ${tag} from a compiled binary: run it with deno`);
  }
  signal?.throwIfAborted();
  const directoryPath = await Deno.makeTempDir({ dir: directory, prefix: "codebeaker-image-" });
  try {
    await Deno.chmod(directoryPath, 0o711); // Without root, mmdebstrap runs as a user of another namespace.
    const tarPath = join(directoryPath, "root.tar");
    const argv = ["mmdebstrap", ...bootstrapArguments(recipe, { denoBinary: Deno.execPath(), tarPath })] as const;
    await run({ argv, env: { TMPDIR: directoryPath }, signal }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw explain(tag, cause);
    });
    const tar = await Deno.open(tarPath);
    const { size } = await tar.stat();
    await store.import(tar.readable, { tag, changes: changesOf(recipe) });
    return size;
  } finally {
    await removeTree(directoryPath);
  }
}

/** Adds the tag to an error, and the remedy if mmdebstrap is missing. */
function explain(tag: string, cause: unknown): unknown {
  if (isMissingTool(cause)) {
    return new CodeBeakerError(
      "runtime_unavailable",
      `Cannot build ${tag} as mmdebstrap is not installed: install it (on Debian and Ubuntu: apt-get install mmdebstrap ` +
        "debian-archive-keyring), or let Docker pull the official image",
      { cause },
    );
  }
  return cause instanceof CodeBeakerError
    ? new CodeBeakerError(cause.code, `Cannot build ${tag}: ${cause.message}`, { cause })
    : cause;
}

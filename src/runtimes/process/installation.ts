import { dirname, join } from "@std/path";
import { CodeBeakerError, messageOf, runtimeUnavailable } from "../../core/errors.ts";
import type { RuntimeHost } from "../port.ts";
import { prebuild } from "./compiling/prebuilt.ts";
import { identityOf } from "./find_binary.ts";
import type { InstalledParts, ProcessSpec } from "./spec.ts";

/** A binary that was found, and everything prepared to run programs with it. */
export interface Installation extends InstalledParts {
  readonly spec: ProcessSpec;
  readonly host: RuntimeHost;
}

/**
 * Finds the binary, writes its modules, and prebuilds for its compiler. The modules run inside the child of a program.
 *
 * @throws {CodeBeakerError} `runtime_unavailable`
 */
export async function install(
  spec: ProcessSpec,
  host: RuntimeHost,
  { signal }: { readonly signal: AbortSignal },
): Promise<Installation> {
  const { confinement, scratchDirectory } = host;
  if (scratchDirectory === undefined) {
    const remedy = "name another place for it (--scratch)";
    throw runtimeUnavailable({ reason: "no temporary directory can be made here", remedy });
  }
  const found = spec.binary.find();
  const identity = identityOf(spec.binary);
  const modulesDirectory = join(scratchDirectory, `${spec.subject}_modules`);
  try {
    await writeModules(modulesDirectory, spec.modules);
    await prebuild({ spec, home: host.home }, { modulesDirectory, signal });
    const binary = confinement.reachable(found);
    const writeContextModules = contextModulesWriter(spec, modulesDirectory);
    return { spec, host, identity, scratchDirectory, modulesDirectory, binary, writeContextModules };
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot prepare to run programs: ${messageOf(cause)}`, { cause });
  }
}

/** Writes modules, by their paths below a directory, for every user to read. */
async function writeModules(directory: string, modules: Readonly<Record<string, string>>): Promise<void> {
  const files = Object.entries(modules).map(([path, text]) => ({ path: join(directory, path), text }));
  for (const parent of new Set([directory, ...files.map(({ path }) => dirname(path))])) {
    await Deno.mkdir(parent, { recursive: true, mode: 0o755 });
  }
  await Promise.all(files.map(({ path, text }) => Deno.writeTextFile(path, text, { mode: 0o644 })));
}

function contextModulesWriter({ contexts }: ProcessSpec, directory: string): Installation["writeContextModules"] {
  const modules = contexts?.modules;
  if (modules === undefined) return () => Promise.resolve();
  const write = async () => await writeModules(join(directory, modules.directory), await modules.load());
  let written: Promise<void> | undefined;
  return () =>
    written ??= write().catch((cause: unknown) => {
      written = undefined; // The next context tries again.
      throw new CodeBeakerError("runtime_unavailable", `Cannot prepare to run contexts: ${messageOf(cause)}`, {
        cause,
      });
    });
}

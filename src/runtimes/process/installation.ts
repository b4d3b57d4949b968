import { dirname, join } from "@std/path";
import { CodeBeakerError, messageOf, runtimeUnavailable } from "../../core/errors.ts";
import type { RuntimeHost } from "../port.ts";
import { prebuild } from "./compiling/prebuilt.ts";
import type { ProcessSpec } from "./spec.ts";

/** A binary that was found, and everything that stands ready to run programs with it. */
export interface Installation {
  readonly spec: ProcessSpec;
  readonly host: RuntimeHost;
  readonly scratchDirectory: string;
  readonly binary: string;
  /** Where the modules of the spec lie. */
  readonly modulesDirectory: string;
}

/**
 * Finds the binary, writes the modules that run inside the child, and makes what its compiler needs.
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
  const modulesDirectory = join(scratchDirectory, `${spec.subject}_modules`);
  try {
    const paths = Object.keys(spec.modules).map((path) => join(modulesDirectory, path));
    for (const directory of new Set([modulesDirectory, ...paths.map((path) => dirname(path))])) {
      await Deno.mkdir(directory, { recursive: true, mode: 0o755 });
    }
    await Promise.all(
      Object.entries(spec.modules).map(([path, text]) =>
        Deno.writeTextFile(join(modulesDirectory, path), text, { mode: 0o644 })
      ),
    );
    await prebuild({ spec, home: host.home }, { modulesDirectory, signal });
    return { spec, host, scratchDirectory, modulesDirectory, binary: confinement.reachable(found) };
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot prepare to run programs: ${messageOf(cause)}`, { cause });
  }
}

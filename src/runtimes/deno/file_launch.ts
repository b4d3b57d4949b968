import { join, toFileUrl } from "@std/path";
import type { Limits } from "../../core/limits.ts";
import { ownAddresses } from "../../host/own_addresses.ts";
import { childVariables } from "./child_variables.ts";
import { type ProcessPlace, READABLE } from "./deno_process.ts";
import { INTERPRETER_MAIN } from "./interpreter_modules.ts";
import type { Launch } from "./launch.ts";
import { type FlagSettings, type InstalledPackages, permissionFlags } from "./permission_flags.ts";

/** A program of the workspace, and what holds for it. */
export interface FileProgram {
  readonly path: string;
  readonly args: readonly string[];
  /** Relative to the workspace. */
  readonly workingDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Undefined when there are none. */
  readonly packages: InstalledPackages | undefined;
  /** Whether it is JavaScript that may be CommonJS. */
  readonly usesRequire: boolean;
}

/** How a program of the workspace is launched, with exactly the permissions of its environment. */
export function fileLaunch(place: ProcessPlace, { path, usesRequire, ...program }: FileProgram): Launch {
  const { installation: { bootPath, confinement }, places: { workspace } } = place;
  // A program is the main module where nothing lets its imports read the host's files; else boot.js imports it, which
  // takes what follows the question mark as it stands: parsing it as a query would cost every start 0.4 ms.
  const url = toFileUrl(join(workspace.target, path)).href;
  const main = confinement.hidesFiles ? url : `${toFileUrl(bootPath).href}?${url}`;
  return denoLaunch(place, { ...program, main, detectCommonJs: usesRequire });
}

/**
 * How the interpreter of a context is launched, which evaluates its cells with exactly the permissions of its environment:
 * what else it needs to begin, it gives up before the first.
 */
export function contextLaunch(
  place: ProcessPlace,
  program: Pick<FileProgram, "variables" | "limits" | "packages">,
): Launch {
  const main = toFileUrl(join(place.places.interpreter.target, INTERPRETER_MAIN)).href;
  const rest = { main, args: [], workingDirectory: ".", detectCommonJs: true, beginsWithSys: true };
  const launch = denoLaunch(place, { ...program, ...rest });
  return { ...launch, mounts: [...launch.mounts, "interpreter"] };
}

function denoLaunch(
  { installation, permissions, places }: ProcessPlace,
  { args, limits, main, packages, variables, workingDirectory, ...flagged }:
    & Omit<FileProgram, "path" | "usesRequire">
    & Pick<FlagSettings, "detectCommonJs" | "beginsWithSys">
    & { readonly main: string },
): Launch {
  const { npmRegistry, openNetworks } = installation;
  const { binary, cache, startModule, temporary, workspace } = places;
  const hasNetwork = permissions.allowNet !== false;
  const flags = permissionFlags({
    ...flagged,
    workspace: workspace.target,
    temporaryDirectory: temporary.target,
    permissions,
    variables: [...Object.keys(variables), ...READABLE],
    limits,
    openNetworks,
    npmRegistry,
    packages,
    ownAddresses: hasNetwork ? ownAddresses(openNetworks) : [],
  });
  return {
    argv: [binary.target, "run", `--preload=${startModule.target}`, ...flags, main, ...args],
    workingDirectory,
    variables: { NO_COLOR: "1", ...variables },
    ownVariables: childVariables({
      temporaryDirectory: temporary.target,
      cacheDirectory: cache.target,
      hasNetwork,
      npmRegistry,
    }),
    mounts: ["workspace", "temporary", "cache", "binary", "startModule"],
    hasNetwork,
    startsOthers: permissions.allowRun,
    waits: true,
  };
}

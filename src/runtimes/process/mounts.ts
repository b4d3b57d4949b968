import { join, toFileUrl } from "@std/path";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { Installation } from "./installation.ts";
import type { EnvironmentMounts } from "./launch.ts";

/** Where a program with a file system of its own sees the service's files. */
export const OWN_ROOT = "/codebeaker";

/** The directory of an environment that its client sees. */
export const WORKSPACE_NAME = "workspace";
/** The directory of an environment for temporary files. */
export const TEMPORARY_NAME = "tmp";

/**
 * The mounts of an environment.
 *
 * @param options.workspace the host's directory for the workspace, where it is not in the environment's
 */
export function mountsOf(
  directory: string,
  { binary, host: { confinement }, modulesDirectory, spec }: Installation,
  options: { readonly workspace?: string | undefined } = {},
): EnvironmentMounts {
  const at = (source: string, target: string, access: Mount["access"]) => see(confinement, { source, target, access });
  return {
    workspace: at(options.workspace ?? join(directory, WORKSPACE_NAME), WORKSPACE_ROOT, "write"),
    temporary: at(join(directory, TEMPORARY_NAME), "/tmp", "write"),
    binary: at(binary, join(OWN_ROOT, spec.facts.name), "execute"),
    directory: (name) => at(join(directory, name), join(OWN_ROOT, name), "write"),
    module: (path) => at(join(modulesDirectory, path), join(OWN_ROOT, path), "read"),
    output: (source) => at(source, join(OWN_ROOT, "build"), "write"),
    packages: (source) => at(source, join(OWN_ROOT, "packages"), "write"),
  };
}

/**
 * Whether a program's own file system has something other than the host's at a path.
 *
 * @param options.hasOwnEtc whether its `/etc` is generated, so that nothing can be mounted there
 */
export function isTakenPath(path: string, { hasOwnEtc }: { readonly hasOwnEtc: boolean }): boolean {
  const place = path.replace(/\/+$/, "");
  const taken = [WORKSPACE_ROOT, OWN_ROOT, "/proc", "/dev", ...(hasOwnEtc ? ["/etc"] : [])];
  const isBelowOwn = taken.some((own) => `${place}/`.startsWith(`${own}/`));
  return isBelowOwn || place === "" || place === "/tmp";
}

/** Paths of the host in stderr's messages, and the texts that a client sees instead. */
export function shownPathsOf(
  { modulesDirectory, scratchDirectory, spec }: Installation,
  { directory, mounts: { binary, workspace } }: { readonly directory: string; readonly mounts: EnvironmentMounts },
): Record<string, string> {
  const { contexts: { modules: contextModules } = {}, modules } = spec;
  const paths = [...Object.keys(modules), ...(contextModules === undefined ? [] : [contextModules.directory])];
  const names = new Set(paths.map((path) => path.split("/")[0] ?? path));
  return {
    [workspace.source]: WORKSPACE_ROOT,
    [toFileUrl(workspace.source).pathname]: WORKSPACE_ROOT,
    ...Object.fromEntries([...names].map((name) => [join(modulesDirectory, name), name])),
    [directory]: OWN_ROOT,
    [scratchDirectory]: OWN_ROOT,
    ...(spec.binary.isSeen === true ? {} : { [binary.source]: spec.facts.name }),
  };
}

/** The mount as a program sees it. Without a file system of its own, it sees everything at its source. */
function see({ canMount }: Confinement, mount: Mount): Mount {
  return canMount ? mount : { ...mount, target: mount.source };
}

import { join } from "@std/path";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { DenoInstallation } from "./installation.ts";

/** Where a program sees what is not its own, when it has a file system of its own. */
const OWN_ROOT = "/codebeaker";

/** What a program needs of the host's file system, each where it lies and where the program sees it. */
export interface Places {
  readonly workspace: Mount;
  readonly temporary: Mount;
  /** Deno's own directory, which is that of one execution environment alone. */
  readonly cache: Mount;
  readonly binary: Mount;
  readonly startModule: Mount;
  /** What evaluates the cells of contexts. */
  readonly interpreter: Mount;
}

/** The directory in an environment's own that its client sees. */
export const WORKSPACE_NAME = "workspace";
/** The one in which programs have their temporary files. */
export const TEMPORARY_NAME = "tmp";
/** The one in which Deno keeps what it has transformed. */
export const CACHE_NAME = "deno_dir";

/** @param options.workspace the host's own directory for the workspace, where it is not in the environment's */
export function placesIn(
  directory: string,
  { binary, confinement, interpreterPath, startPath }: DenoInstallation,
  options: { readonly workspace?: string | undefined } = {},
): Places {
  const at = (source: string, target: string, access: Mount["access"]) =>
    seenAt(confinement, { source, target, access });
  return {
    workspace: at(options.workspace ?? join(directory, WORKSPACE_NAME), WORKSPACE_ROOT, "write"),
    temporary: at(join(directory, TEMPORARY_NAME), "/tmp", "write"),
    cache: at(join(directory, CACHE_NAME), join(OWN_ROOT, CACHE_NAME), "write"),
    binary: at(binary, join(OWN_ROOT, "deno"), "execute"),
    startModule: at(startPath, join(OWN_ROOT, "start.js"), "read"),
    interpreter: at(interpreterPath, join(OWN_ROOT, "interpreter"), "read"),
  };
}

/** A directory beside the workspace that the service fills for a program. */
export function packagesAt(directory: string, { confinement }: DenoInstallation): Mount {
  return seenAt(confinement, { source: directory, target: join(OWN_ROOT, "packages"), access: "write" });
}

/** Whether a program that has a file system of its own has something else there than the host. */
export function isOwnPlace(path: string): boolean {
  const place = path.replace(/\/+$/, "");
  const isBelowOwn = [WORKSPACE_ROOT, OWN_ROOT, "/proc", "/dev"].some((own) => `${place}/`.startsWith(`${own}/`));
  return isBelowOwn || place === "" || place === "/tmp";
}

/** A path of the host that was granted to a program, which sees it there. */
export function grantedAt(path: string, access: Mount["access"]): Mount {
  return { source: path, target: path, access };
}

/** Without a file system of its own a program sees everything where it lies. */
function seenAt({ canMount }: Confinement, mount: Mount): Mount {
  return canMount ? mount : { ...mount, target: mount.source };
}

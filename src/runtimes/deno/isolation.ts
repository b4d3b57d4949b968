import type { CanaryFinding } from "../../core/diagnosis.ts";
import type { LimitName } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { Isolation } from "../port.ts";
import { whyNotFlags } from "./permission_flags.ts";
import { isOwnPlace } from "./places.ts";

/** A program that is checked by Deno inside a sandbox of the operating system. */
export const LEVEL_WITH_SANDBOX = 8;
/** One that is checked by Deno only. */
const LEVEL_WITH_PERMISSIONS = 7;
/** One that nothing checks but the sandbox around it. */
export const LEVEL_UNCHECKED = 7;
/** One that passed a limit in the self-test, or that no kernel keeps to any. */
const LEVEL_WITHOUT_LIMITS = 6;

/**
 * Bounds that hold on every platform: the service itself keeps time and counts output, and a program starts others only
 * where they are counted.
 */
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "maxProcesses"];

/** What a program's isolation depends on. */
export interface IsolationRequest {
  readonly confinement: Confinement;
  readonly canaries: readonly CanaryFinding[];
  readonly allowRun: boolean;
}

/** How isolated a program is: by the layers around it, less what the canaries found broken. */
export function isolationOf(request: IsolationRequest): Isolation {
  const { confinement } = request;
  return {
    level: levelOf(request),
    layers: ["permissions", ...confinement.layers],
    limits: [...OWN_LIMITS, ...confinement.limits],
  };
}

function levelOf({ allowRun, canaries, confinement }: IsolationRequest): number {
  if (Deno.build.os !== "linux" || canaries.some(({ kept }) => !kept)) return LEVEL_WITHOUT_LIMITS;
  if (allowRun) return LEVEL_UNCHECKED;
  return confinement.isSandbox ? LEVEL_WITH_SANDBOX : LEVEL_WITH_PERMISSIONS;
}

/** Why permissions cannot be kept to in these layers; undefined when they can. */
export function whyNotHonoured(permissions: PermissionSettings, confinement: Confinement): string | undefined {
  if (permissions.allowRun && !confinement.separatesProcesses) {
    return "a program that may start others has all they can do, and no layer of the operating system confines them " +
      "(bubblewrap could)";
  }
  if (permissions.allowRun && permissions.allowNet !== false) {
    return "what a program starts has all of the network or none, and no list or private network is kept from it";
  }
  if (permissions.allowNet !== false && !confinement.canKeepToIpv4) {
    return "private networks over IPv6 and abstract sockets cannot be kept out here " +
      "(setpriv of util-linux 2.41 could)";
  }
  return whyNotPaths([...permissions.allowRead, ...permissions.allowWrite], confinement) ?? whyNotFlags(permissions);
}

function whyNotPaths(paths: readonly string[], confinement: Confinement): string | undefined {
  const closed = paths.find((path) => confinement.isClosed(path));
  if (closed !== undefined) {
    return `programs are users of their own here, and ${JSON.stringify(closed)} is not open to others`;
  }
  const taken = confinement.canMount ? paths.find(isOwnPlace) : undefined;
  return taken && `programs have a file system of their own here, with something else at ${JSON.stringify(taken)}`;
}

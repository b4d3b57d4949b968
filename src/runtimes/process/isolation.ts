import type { Obstacle } from "../../core/capabilities.ts";
import type { CanaryFinding } from "../../core/diagnosis.ts";
import type { LimitName } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { Isolation } from "../port.ts";
import { isTakenPath } from "./mounts.ts";
import type { PermissionSpec } from "./spec.ts";

/** The level of a program that its runtime checks, in an operating system's sandbox. */
export const LEVEL_WITH_SANDBOX = 8;
/** The level of a program that only its runtime checks. */
const LEVEL_WITH_PERMISSIONS = 7;
/** The level of a program that only the sandbox checks, with every layer on. */
export const LEVEL_UNCHECKED = 8;
/** The level of a program that only the sandbox checks, where a layer is missing. */
const LEVEL_INCOMPLETE = 7;
/** The highest level of a program that follows another of its tenant in one process. */
export const LEVEL_SHARED = 7;
/** The level of a program that no kernel keeps to its limits. A broken promise in the self-test gives it too. */
const LEVEL_WITHOUT_LIMITS = 6;

/**
 * Limits that hold on every platform. The service keeps time and counts output; programs start others only where those
 * are counted.
 */
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "maxProcesses"];

/** The facts that a program's isolation depends on. */
export interface IsolationRequest {
  readonly confinement: Confinement;
  readonly canaries: readonly CanaryFinding[];
  /** The permissions that the runtime checks itself. */
  readonly checks: PermissionSpec | undefined;
  readonly allowRun: boolean;
}

/** The isolation of a program, by its layers and the canaries' findings. */
export function isolationOf(request: IsolationRequest): Isolation {
  const { checks, confinement } = request;
  return {
    level: levelOf(request),
    layers: [...(checks === undefined ? [] : ["permissions"]), ...confinement.layers],
    limits: [...OWN_LIMITS, ...confinement.limits],
  };
}

function levelOf({ allowRun, canaries, checks, confinement }: IsolationRequest): number {
  if (Deno.build.os !== "linux" || canaries.some(({ kept }) => !kept)) return LEVEL_WITHOUT_LIMITS;
  if (allowRun || checks === undefined) return uncheckedLevel(confinement);
  return confinement.isSandbox ? LEVEL_WITH_SANDBOX : LEVEL_WITH_PERMISSIONS;
}

/** The level of a program that only the layers check. */
export function uncheckedLevel({ isComplete }: Pick<Confinement, "isComplete">): number {
  return isComplete ? LEVEL_UNCHECKED : LEVEL_INCOMPLETE;
}

/** Why these layers let no program run, whatever its permissions; undefined where they do. */
export function whyUnconfined(
  { checks, confinement }: Pick<IsolationRequest, "checks" | "confinement">,
): Obstacle | undefined {
  if (checks !== undefined || confinement.separatesProcesses) return undefined;
  return {
    reason: "nothing but layers of the operating system confines its programs, and too few are here",
    remedy: "install bubblewrap, or start the service as root where there is Landlock",
  };
}

/** Why permissions cannot be kept to in these layers; undefined when they can. */
export function whyNotHonoured(
  permissions: PermissionSettings,
  { checks, confinement }: Pick<IsolationRequest, "checks" | "confinement">,
): string | undefined {
  const isUnchecked = permissions.allowRun || checks === undefined;
  const which = checks === undefined ? "a program of this runtime" : "a program that may start others";
  if (isUnchecked && !confinement.separatesProcesses) {
    return `${which} could do all that the service can, and no layer of the operating system confines it ` +
      "(bubblewrap could, or Landlock where the service is root)";
  }
  if (isUnchecked && permissions.allowNet !== false) {
    return `${which} gets no network, as nothing could keep it to a list of hosts, or from private networks`;
  }
  if (permissions.allowNet !== false && !confinement.canKeepToIpv4) {
    return "private networks over IPv6 and abstract sockets cannot be kept out here " +
      "(setpriv of util-linux 2.41 could)";
  }
  const paths = [...permissions.allowRead, ...permissions.allowWrite];
  return whyNotPaths(paths, { confinement, hasOwnEtc: isUnchecked }) ?? checks?.whyNotHonoured(permissions);
}

function whyNotPaths(
  paths: readonly string[],
  { confinement, hasOwnEtc }: { readonly confinement: Confinement; readonly hasOwnEtc: boolean },
): string | undefined {
  const closed = paths.find((path) => confinement.isClosed(path));
  if (closed !== undefined) {
    return `programs are users of their own here, and ${JSON.stringify(closed)} is not open to others`;
  }
  const taken = confinement.canMount ? paths.find((path) => isTakenPath(path, { hasOwnEtc })) : undefined;
  return taken && `programs have a file system of their own here, with something else at ${JSON.stringify(taken)}`;
}

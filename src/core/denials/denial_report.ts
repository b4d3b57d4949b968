import { NO_PERMISSIONS, type PermissionSettings } from "../permissions/permissions.ts";
import type { Denial } from "./denial.ts";

/** Most distinct denials of one program that are recorded; later ones are not even counted. */
export const MAX_DENIAL_RECORDS = 1_000;

/** The rules that deny an access, in the same words on every runtime. */
export const RULES = {
  netOff: "permissions.allowNet is false",
  netUnlisted: "permissions.allowNet does not list it",
  privateNetwork: "private networks and this host are refused unless the operator opens them",
  ipv4Only: "programs reach the network over IPv4 only",
  readUnlisted: "only the workspace and permissions.allowRead can be read",
  writeUnlisted: "only the workspace and permissions.allowWrite can be written",
  runOff: "permissions.allowRun is false",
  envUnlisted: "neither env nor permissions.allowEnv names it",
} as const;

/** Permissions to add to those that a program has. */
export type PermissionGrant = Partial<PermissionSettings>;

/** A denial as a runtime records it. */
export interface DenialRecord extends Omit<Denial, "remedy"> {
  /** The grant that would allow the access; absent when no grant would, on any runtime. */
  readonly grant?: PermissionGrant;
}

/** Everything that a runtime denied one program. */
export interface DenialReport {
  /** The permissions that the program had. */
  readonly permissions: PermissionSettings;
  readonly denials: readonly DenialRecord[];
}

/** The report of a runtime that denied nothing, or reports no denials. */
export const NO_DENIALS: DenialReport = { permissions: NO_PERMISSIONS, denials: [] };

/** Records the denials of one running program. Each kind and target occurs once, at its first occurrence. */
export class DenialLog {
  readonly #records = new Map<string, DenialRecord>();

  get denials(): readonly DenialRecord[] {
    return [...this.#records.values()];
  }

  add(record: DenialRecord): void {
    const key = `${record.kind} ${record.target}`;
    if (this.#records.size < MAX_DENIAL_RECORDS && !this.#records.has(key)) this.#records.set(key, record);
  }
}

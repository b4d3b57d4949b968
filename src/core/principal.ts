import type { PermissionCeiling } from "./permissions/permissions.ts";

/** The scopes of a key: one-shot executions and selections, sessions, administration. */
export const SCOPES = ["execute", "sessions", "admin"] as const;
/** A name of {@link SCOPES}. */
export type Scope = typeof SCOPES[number];

/** The quota of a tenant; an absent field does not bound. */
export interface Quota {
  /** Programs of the tenant that run at the same time. */
  readonly maxConcurrent?: number;
  /** Sessions of the tenant that are open at the same time. */
  readonly maxSessions?: number;
  /** Programs that the tenant may start within a minute. */
  readonly executionsPerMinute?: number;
  /** CPU time, user and system, of the tenant's programs within a day (UTC). */
  readonly cpuSecondsPerDay?: number;
}

/** The owner of a key or, while there is no key, the local user. */
export interface Principal {
  /** The owner of sessions, executions and files, which other tenants cannot see. */
  readonly tenant: string;
  /** The name of the key. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** An isolation floor that the tenant's requests can raise and not lower. */
  readonly minIsolation: number;
  readonly ceiling: PermissionCeiling;
  readonly quota: Quota;
}

/** The user of this machine: on the command line, and while there is no key. */
export const LOCAL_USER: Principal = {
  tenant: "local",
  name: "local",
  scopes: SCOPES,
  minIsolation: 0,
  ceiling: {},
  quota: {},
};

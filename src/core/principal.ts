import type { PermissionCeiling } from "./permissions/permissions.ts";

/** What a key may be used for: one-shot executions and selections, sessions, and looking after the service. */
export const SCOPES = ["execute", "sessions", "admin"] as const;
/** A name of {@link SCOPES}. */
export type Scope = typeof SCOPES[number];

/** How much a tenant may ask for; what is absent is not bounded. */
export interface Quota {
  /** Programs of the tenant that run at the same time. */
  readonly maxConcurrent?: number;
  /** Sessions of the tenant that are open at the same time. */
  readonly maxSessions?: number;
  /** Programs it may start within a minute. */
  readonly executionsPerMinute?: number;
  /** CPU time, user and system, that its programs may use within a day (UTC). */
  readonly cpuSecondsPerDay?: number;
}

/** Who asks: the owner of a key or, while no key is configured, whoever uses this machine. */
export interface Principal {
  /** Whose sessions, executions and files these are; nobody sees another tenant's. */
  readonly tenant: string;
  /** What people call the key. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** An isolation floor that the tenant's requests can raise and not lower. */
  readonly minIsolation: number;
  readonly ceiling: PermissionCeiling;
  readonly quota: Quota;
}

/** Whoever uses this machine, while no key is configured, and the command line. */
export const LOCAL_USER: Principal = {
  tenant: "local",
  name: "local",
  scopes: SCOPES,
  minIsolation: 0,
  ceiling: {},
  quota: {},
};

import type { Selection } from "./selection.ts";

/** The states of a session: `active` while it is in use, else `idle`. */
export const SESSION_STATES = ["creating", "active", "idle", "closing", "closed"] as const;
/** A name of {@link SESSION_STATES}. */
export type SessionState = typeof SESSION_STATES[number];

/**
 * Why a session was closed.
 *
 * - `closed_by_owner`: its owner closed it
 * - `idle_timeout`: it had no activity for `idleTimeoutMs`
 * - `max_lifetime`: it was `maxLifetimeMs` old
 * - `environment_ended`: its execution environment ended by itself
 * - `key_revoked`: its owner's key was revoked
 * - `service_stopped`: the service was shut down
 * - `service_lost`: the service and the environment were lost
 */
export const CLOSE_REASONS = [
  "closed_by_owner",
  "idle_timeout",
  "max_lifetime",
  "environment_ended",
  "key_revoked",
  "service_stopped",
  "service_lost",
] as const;
/** A name of {@link CLOSE_REASONS}. */
export type CloseReason = typeof CLOSE_REASONS[number];

/** A session as its owner sees it. */
export interface SessionInfo {
  readonly id: string;
  readonly language: string;
  readonly runtime: string;
  readonly state: SessionState;
  readonly createdAt: string;
  readonly lastActivityAt: string;
  /** When the session closes unless there is further activity. */
  readonly expiresAt: string;
  readonly executionCount: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Present when the session is closed. */
  readonly closedBecause?: CloseReason;
}

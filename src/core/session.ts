import type { Selection } from "./selection.ts";

/** The states of a session: `active` while it is in use, else `idle`. */
export const SESSION_STATES = ["creating", "active", "idle", "closing", "closed"] as const;
/** A name of {@link SESSION_STATES}. */
export type SessionState = typeof SESSION_STATES[number];

/**
 * Why a session was closed: by its owner, after `idleTimeoutMs` without activity, at `maxLifetimeMs`, because its
 * execution environment ended by itself, its owner's key was revoked, the service was shut down, or the service and the
 * environment were lost.
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
  /** When it will be closed without further activity. */
  readonly expiresAt: string;
  readonly executionCount: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Present when it is closed. */
  readonly closedBecause?: CloseReason;
}

import type { Needs } from "./needs.ts";

/** How to rank the runtimes that passed the filters. */
export const PREFERENCES = ["speed", "security", "memory", "balanced"] as const;
/** A name of {@link PREFERENCES}. */
export type Preference = typeof PREFERENCES[number];

/** Why candidates are rejected. */
export const REJECTION_CODES = [
  "unsupported_language",
  "not_requested",
  "below_isolation_floor",
  "cannot_honour_permissions",
  "cannot_enforce_limits",
  "exceeds_memory",
  "circuit_open",
  "unavailable",
  "missing_capability",
] as const;
/** A name of {@link REJECTION_CODES}. */
export type RejectionCode = typeof REJECTION_CODES[number];

/** Why a candidate is rejected, as a code and as text. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly detail: string;
  /** The fields of the request at fault. Absent, `code` determines the field, where there is one. */
  readonly fields?: readonly string[];
  /** What to install or to change on the service's machine. Absent where the obstacle may pass by itself. */
  readonly remedy?: string;
  /** When the same request may pass; absent when unknown. */
  readonly retryAfterMs?: number;
}

/** Whether a start uses a warm environment. */
export type StartPath = "cold" | "warm";

/** The inputs of a score. */
export interface ScoreInputs {
  readonly startupMs: number;
  readonly memoryMb: number;
  /** The isolation of the environment that this request would get. */
  readonly isolationLevel: number;
  /** The source of start-up and memory: the runtime's declaration, or medians of its latest executions. */
  readonly source: "declared" | "measured";
  /** The path of the measured starts; absent without any. */
  readonly path?: StartPath;
}

/** One runtime in a selection. */
export interface Candidate {
  readonly runtime: string;
  readonly passed: boolean;
  readonly rejectedBecause?: Rejection;
  /**
   * The rank by the request's preference; absent when rejected. The highest score wins, with two exceptions: a
   * candidate with better declared figures has nearly the same score, or the highest lacks a feature that the program
   * needs and another candidate has them all.
   */
  readonly score?: number;
  /** Features that the program uses and the runtime lacks, with their places. Absent when rejected. */
  readonly lacks?: string;
  readonly inputs: ScoreInputs;
}

/** The explained choice of a runtime. */
export interface Selection {
  /** The name of the runtime, or null when none passed. */
  readonly chosen: string | null;
  readonly preference: Preference;
  /** The isolation floor in force: the server's, raised by the request. */
  readonly floor: number;
  /** The needs of the program. Absent where its language is not analysed, or there is no program yet. */
  readonly needs?: Needs;
  /** The passed candidates, best first. The rejected ones follow in the order of the runtime table. */
  readonly candidates: readonly Candidate[];
}

/** One failed attempt to create an environment, before any user code began. */
export interface Attempt {
  readonly runtime: string;
  readonly error: string;
}

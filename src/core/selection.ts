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
  /** What to install or to change on the service's machine; absent where the obstacle may pass without that. */
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
  /** Whether start-up and memory are declared by the runtime, or medians of its latest executions. */
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
   * The rank by the request's preference; absent when rejected. The highest score wins, with two exceptions: a candidate
   * with better declared figures is nearly as good, or one has all that the program needs where the highest lacks some.
   */
  readonly score?: number;
  /** What the program would use and the runtime lacks, and where that is seen; absent when rejected. */
  readonly lacks?: string;
  readonly inputs: ScoreInputs;
}

/** The explained choice of a runtime. */
export interface Selection {
  /** The name of the runtime, or null when none passed. */
  readonly chosen: string | null;
  readonly preference: Preference;
  /** The isolation floor that held: the server's, raised by the request. */
  readonly floor: number;
  /** What the program needs; absent where its language is not analysed, or there is no program yet. */
  readonly needs?: Needs;
  /** Best first, then the rejected ones in the order of the runtime table. */
  readonly candidates: readonly Candidate[];
}

/** One failed attempt to create an environment, before any user code began. */
export interface Attempt {
  readonly runtime: string;
  readonly error: string;
}

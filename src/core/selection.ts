/** How to rank the runtimes that passed the filters. */
export const PREFERENCES = ["speed", "security", "memory", "balanced"] as const;
/** A name of {@link PREFERENCES}. */
export type Preference = typeof PREFERENCES[number];

/** Why a candidate is out. */
export type RejectionCode =
  | "not_requested"
  | "unsupported_language"
  | "below_isolation_floor"
  | "cannot_honour_permissions"
  | "cannot_enforce_limits"
  | "unavailable"
  | "circuit_open";

/** Why a candidate is out, for programs and for people. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly detail: string;
  /** When the same request may pass, where that is known. */
  readonly retryAfterMs?: number;
}

/** Whether a start meets something that was made ready ahead of time. */
export type StartPath = "cold" | "warm";

/** What a score is made of. */
export interface ScoreInputs {
  readonly startupMs: number;
  readonly memoryMb: number;
  /** That of the environment which this very request would get. */
  readonly isolationLevel: number;
  /** Whose word start-up and memory are: the runtime's, or its latest executions' medians. */
  readonly source: "declared" | "measured";
  /** The path of the starts that were measured; absent where none was. */
  readonly path?: StartPath;
}

/** One runtime as a selection saw it. */
export interface Candidate {
  readonly runtime: string;
  readonly passed: boolean;
  readonly rejectedBecause?: Rejection;
  /** The highest wins, unless one that is declared to be better is nearly as good; present where the candidate passed. */
  readonly score?: number;
  readonly inputs: ScoreInputs;
}

/** A choice that explains itself. */
export interface Selection {
  /** The name of the runtime, or null when none passed. */
  readonly chosen: string | null;
  readonly preference: Preference;
  /** The isolation floor that held: the server's, raised by the request. */
  readonly floor: number;
  /** Best first, then the rejected ones in the order of the runtime table. */
  readonly candidates: readonly Candidate[];
}

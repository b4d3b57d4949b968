import type { Caller } from "../../engine/port.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";

/** The other end of a connection, as methods see it. */
export interface Peer {
  /** Whether it asked to be told what programs do while they run. */
  isStreaming: boolean;
  /** Which programs may read what it feeds them: none, those whose end it does not wait for, or all. */
  feeds: "none" | "unawaited" | "all";
  /** Sends a notification; returns when there is room for more, or the other end is gone. Absent where nobody hears any. */
  notify?(method: string, params: object): Promise<void>;
}

/** What a method knows beside its parameters. */
export interface CallContext {
  readonly caller: Caller;
  readonly peer: Peer;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What the request holds until it is answered, and what it becomes may keep. */
  readonly lease: Pick<ByteLease, "keepUntil">;
  /** What the answer tells of parameters that were taken otherwise than they were written. */
  readonly warnings: string[];
}

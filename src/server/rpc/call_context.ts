import type { Caller } from "../../engine/port.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";

/** The client at the other end of a connection. */
export interface Peer {
  /** Whether the client asked for notifications of running programs. */
  isStreaming: boolean;
  /** Whether fields are checked, and answers spelled, as in REST (see `negotiateVersion`). */
  isStrict: boolean;
  /** The programs whose stdin stays open for the client. `unawaited` are those whose end the client does not wait for. */
  feeds: "none" | "unawaited" | "all";
  /** Sends a notification. Returns when there is room for more, or the client is gone. Absent without a connection. */
  notify?(method: string, params: object): Promise<void>;
}

/** Facts of a call beside its parameters. */
export interface CallContext {
  readonly caller: Caller;
  readonly peer: Peer;
  /** Aborted when the client no longer waits for the answer. */
  readonly signal: AbortSignal;
  /** Memory of the request until its answer; its execution may keep it longer. */
  readonly lease: Pick<ByteLease, "keepUntil" | "growBy">;
  /** Warnings in the answer, about parameters that were ignored or changed. */
  readonly warnings: string[];
}

/** Most warnings of one answer. */
const MAX_WARNINGS = 20;

/** Adds a warning, unless there are {@link MAX_WARNINGS} already. */
export function warn(warnings: string[], message: string): void {
  if (warnings.length < MAX_WARNINGS) warnings.push(message);
}

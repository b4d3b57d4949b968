import { abortable } from "@std/async/abortable";

/** The deadline of some work. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  /** Makes the error of the deadline. Default: `no answer within … ms`. */
  readonly toError?: (() => Error) | undefined;
  /** Aborting ends the wait too, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for work until its deadline. The work's signal aborts when the wait ends early.
 *
 * @throws the error of the deadline, or the reason of `signal`, whichever comes first
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { signal: outer, timeoutMs, toError = () => new Error(`no answer within ${timeoutMs} ms`) }: DeadlineOptions,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(toError()), timeoutMs);
  const signal = outer === undefined ? deadline.signal : AbortSignal.any([outer, deadline.signal]);
  try {
    return await abortable(work(signal), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a time limit. Returns a function that returns the remaining ms, at least 0. */
export function startCountdown(ms: number): () => number {
  const endsAt = performance.now() + ms;
  return () => Math.max(Math.ceil(endsAt - performance.now()), 0);
}

import { abortable } from "@std/async/abortable";

/** How long work may take, and what it rejects with after that. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  /** Makes the error of the deadline; absent, `no answer within … ms`. */
  readonly toError?: (() => Error) | undefined;
  /** Aborting ends the wait too, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for work until its deadline. The work's own signal aborts when the wait ends early, so that the work can end too.
 * Leaves no timer behind.
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

import { withDeadline } from "./deadline.ts";

/** For how long others are kept waiting, in ms: a file that lies deep takes a thousand times as long as another. */
const MAX_HOLD_MS = 20;

/** Waits so long; aborting ends the wait early. */
export async function delay(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
  const over = Promise.withResolvers<void>();
  const wake = () => over.resolve();
  const timer = setTimeout(wake, ms);
  signal?.addEventListener("abort", wake);
  if (signal?.aborted) wake();
  await over.promise;
  signal?.removeEventListener("abort", wake);
  clearTimeout(timer);
}

/**
 * Waits until something has settled, in whatever way, and at most so long; aborting ends the wait early. Leaves no
 * timer behind.
 */
export async function settledWithin(
  work: Promise<unknown>,
  ms: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await withDeadline(() => work, { timeoutMs: ms, signal }).catch(() => {});
}

/**
 * What is called between two steps of a work that waits for nothing, and gives others their turn when they have waited
 * for long.
 */
export function createYielder(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since <= MAX_HOLD_MS) return;
    await delay(0);
    since = performance.now();
  };
}

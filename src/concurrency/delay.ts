import { withDeadline } from "./deadline.ts";
import { onAbort } from "./on_abort.ts";

/** Longest time without a yield, in ms. One deep path can take a thousand times as long as another. */
const MAX_HOLD_MS = 20;

/** Turns of promises in which work settles at once. To read a body that has arrived takes 2 to 4. */
const TURNS = 16;

/** Waits for some time; aborting ends the wait early. */
export async function delay(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
  const over = Promise.withResolvers<void>();
  const wake = () => over.resolve();
  const timer = setTimeout(wake, ms);
  using _waking = onAbort(signal, wake);
  await over.promise;
  clearTimeout(timer);
}

/** Waits until work has settled, for a bounded time. Aborting ends the wait early. Does not throw. */
export async function settledWithin(
  work: Promise<unknown>,
  ms: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await withDeadline(() => work, { timeoutMs: ms, signal }).catch(() => {});
}

/**
 * Whether work settles within some turns of promises. Most work that has nothing to wait for does. It needs no timer,
 * and nothing that could end the wait for it.
 */
export async function settlesAtOnce(work: Promise<unknown>): Promise<boolean> {
  let hasSettled = false;
  const settle = () => void (hasSettled = true);
  work.then(settle, settle);
  for (let turn = 0; turn < TURNS && !hasSettled; turn++) await undefined;
  return hasSettled;
}

/** Creates a function that yields to other work now and then. Synchronous work calls it between its steps. */
export function createYielder(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since <= MAX_HOLD_MS) return;
    await delay(0);
    since = performance.now();
  };
}

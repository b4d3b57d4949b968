/** Calls a function when a signal aborts, until the result is disposed of. An aborted signal calls it at once. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): Disposable {
  signal?.addEventListener("abort", act);
  if (signal?.aborted) act();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", act) };
}

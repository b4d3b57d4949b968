/** Calls a function when a signal aborts, at once if it has, until the result is disposed of. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): Disposable {
  signal?.addEventListener("abort", act);
  if (signal?.aborted) act();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", act) };
}

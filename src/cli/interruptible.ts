/** Signals that end what a command does; it is cancelled, and nothing is left behind. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborts, with the signal's name as the reason, when this process is told to end. */
export function interruptible(): AbortController {
  const interrupt = new AbortController();
  for (const signal of INTERRUPTS) Deno.addSignalListener(signal, () => interrupt.abort(signal));
  return interrupt;
}

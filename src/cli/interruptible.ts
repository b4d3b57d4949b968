import { abortable } from "@std/async/abortable";

/** Signals that end what a command does; it is cancelled, and nothing is left behind. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborts, with the signal's name as the reason, at a signal that ends this process. */
export function interruptible(): AbortController {
  const interrupt = new AbortController();
  for (const signal of INTERRUPTS) Deno.addSignalListener(signal, () => interrupt.abort(signal));
  return interrupt;
}

/** Waits until work has settled; an interrupt ends the wait early, and not the work. */
export async function settledUnlessInterrupted(work: Promise<unknown>, interrupt: AbortSignal): Promise<void> {
  await abortable(work, interrupt).catch(() => {});
}

import { abortable } from "@std/async/abortable";

/** Signals that cancel a command. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Cancels a command from outside. Disposing removes the listeners for signals. */
export interface Interrupt extends Disposable {
  /** Aborts at the end; the reason is the name of a signal, or an error. */
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/** Aborts at a signal that ends this process. The reason is the signal's name. */
export function interruptible(): Interrupt {
  const controller = new AbortController();
  const listeners = INTERRUPTS.map((name) => ({ name, listener: () => controller.abort(name) }));
  for (const { name, listener } of listeners) Deno.addSignalListener(name, listener);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Waits for work; an interrupt ends the wait early, and not the work. @throws what the work throws before */
export async function unlessInterrupted(work: Promise<unknown>, interrupt: AbortSignal): Promise<void> {
  await abortable(work, interrupt).catch((error: unknown) => {
    if (!interrupt.aborted) throw error;
  });
}

/** The same for work whose error another caller reports. Does not throw. */
export async function settledUnlessInterrupted(work: Promise<unknown>, interrupt: AbortSignal): Promise<void> {
  await unlessInterrupted(work, interrupt).catch(() => {});
}

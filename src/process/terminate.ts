import { kill } from "node:process";
import { settledWithin } from "../concurrency/delay.ts";

/** Time for a program to end by itself after SIGTERM, in ms. */
export const GRACE_MS = 100;

/** Sends a signal to a whole process group, as {@link signalProcess} does. */
export function signalGroup(leaderPid: number, signal: Deno.Signal): boolean {
  return signalProcess(-leaderPid, signal);
}

/** Whether a process group has a process. One that has ended and is not reaped counts. */
export function isGroup(leaderPid: number): boolean {
  try {
    return kill(-leaderPid, 0);
  } catch {
    return false;
  }
}

/**
 * Sends a signal to a process. Returns whether the signal arrived: a process that is gone (or, on macOS, waits to be
 * reaped), or whose number is another's by now, is no fault.
 */
export function signalProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
    return false;
  }
}

/** Ends a program with SIGTERM and, after {@link GRACE_MS}, SIGKILL. `exited` settles when the program is gone. */
export async function terminate(signal: (signal: Deno.Signal) => void, exited: Promise<unknown>): Promise<void> {
  signal("SIGTERM");
  await settledWithin(exited, GRACE_MS);
  signal("SIGKILL");
}

import { kill } from "node:process";
import { settledWithin } from "../concurrency/delay.ts";

/** How long a program may take to end by itself after SIGTERM. */
export const GRACE_MS = 100;

/** Sends a signal to a whole process group, as {@link signalProcess} does. */
export function signalGroup(leaderPid: number, signal: Deno.Signal): boolean {
  return signalProcess(-leaderPid, signal);
}

/** Whether a process group has a process, be it one that has ended and is not reaped. */
export function isGroup(leaderPid: number): boolean {
  try {
    return kill(-leaderPid, 0);
  } catch {
    return false;
  }
}

/**
 * Sends a signal to a process; one that is gone (or, on macOS, waits to be reaped), or is another's by now, is no
 * fault. Returns whether it got there.
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

/** SIGTERM, {@link GRACE_MS} to react, then SIGKILL. `exited` settles when it is gone. */
export async function terminate(signal: (signal: Deno.Signal) => void, exited: Promise<unknown>): Promise<void> {
  signal("SIGTERM");
  await settledWithin(exited, GRACE_MS);
  signal("SIGKILL");
}

/** How long a process group may take to end by itself after SIGTERM. */
const GRACE_MS = 100;

/** Sends a signal to a whole process group; one that is already gone (or, on macOS, waits to be reaped) is no fault. */
export function signalGroup(leaderPid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-leaderPid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

/** SIGTERM, {@link GRACE_MS} to react, then SIGKILL, to the whole group. `exited` settles when the leader is gone. */
export async function terminateGroup(leaderPid: number, exited: Promise<unknown>): Promise<void> {
  signalGroup(leaderPid, "SIGTERM");
  const grace = new AbortController();
  const timer = setTimeout(() => grace.abort(), GRACE_MS);
  await Promise.race([exited, new Promise((resolve) => grace.signal.addEventListener("abort", resolve))]);
  clearTimeout(timer);
  signalGroup(leaderPid, "SIGKILL");
}

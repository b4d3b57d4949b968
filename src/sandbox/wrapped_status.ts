import { constants } from "node:os";

/** A wrapper reports a signal as a shell does: by an exit code of this and the signal's number. */
const SIGNALED = 128;

/**
 * How a program ended, by the exit code of a wrapper that waited for it (bwrap(1)): one that exits with 137 itself
 * looks killed.
 */
export function unwrapStatus(status: Deno.CommandStatus): Deno.CommandStatus {
  const number = status.code - SIGNALED;
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  if (status.signal !== null || name === undefined) return status;
  return { success: false, code: status.code, signal: name as Deno.Signal };
}

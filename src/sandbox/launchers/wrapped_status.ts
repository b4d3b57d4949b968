import { constants } from "node:os";

/**
 * Base of the exit codes by which a wrapper reports a signal. As in a shell, the code is this plus the signal's number.
 */
const SIGNALED = 128;

/**
 * Derives a program's end from the exit code of its wrapper (bwrap(1)). A program that itself exits with 137 looks
 * killed.
 */
export function unwrapStatus(status: Deno.CommandStatus): Deno.CommandStatus {
  const number = status.code - SIGNALED;
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  if (status.signal !== null || name === undefined) return status;
  return { success: false, code: status.code, signal: name as Deno.Signal };
}

import { CodeBeakerError, type ErrorCode } from "../../core/errors.ts";
import type { Caller } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";

const FAULTS: readonly ErrorCode[] = ["permission_denied", "not_found", "conflict", "too_large"];

/** The session and caller of a command, and further codes that count as its faults. */
export interface CommandFaultOptions {
  readonly sessions: SessionsPort;
  readonly caller: Caller;
  readonly id: string;
  readonly also?: readonly ErrorCode[];
}

/**
 * Whether an error is the fault of a command in an open session. Such an error belongs in the command's result; others
 * fail the call.
 */
export function isCommandFault(
  error: unknown,
  { sessions, caller, id, also = [] }: CommandFaultOptions,
): error is CodeBeakerError {
  if (!(error instanceof CodeBeakerError) || ![...FAULTS, ...also].includes(error.code)) return false;
  const { state } = sessions.show(caller, id);
  return state !== "closing" && state !== "closed";
}

import { CodeBeakerError, type ErrorCode } from "../../core/errors.ts";
import type { Caller } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";

const FAULTS: readonly ErrorCode[] = ["permission_denied", "not_found", "conflict", "too_large"];

/** Which session took a command, for whom, and what else counts as a fault of it. */
export interface CommandFaultOptions {
  readonly sessions: SessionsPort;
  readonly caller: Caller;
  readonly id: string;
  readonly also?: readonly ErrorCode[];
}

/** Whether what went wrong is a fault of a command in an open session, which its result tells; anything else is an error of the call. */
export function isFaultOfCommand(
  error: unknown,
  { sessions, caller, id, also = [] }: CommandFaultOptions,
): error is CodeBeakerError {
  if (!(error instanceof CodeBeakerError) || ![...FAULTS, ...also].includes(error.code)) return false;
  const { state } = sessions.show(caller, id);
  return state !== "closing" && state !== "closed";
}

import { invalidField } from "../core/errors.ts";
import type { SessionInfo } from "../core/session.ts";
import type { SessionPage, SessionsPort } from "./port.ts";

type Page = Parameters<SessionsPort["list"]>[1];

/** Behind which session a part begins. */
interface Position {
  readonly createdAt: string;
  readonly id: string;
}

/**
 * One part of a tenant's sessions, the newest first: those in a state or, without one, those that are not closed.
 *
 * @throws {CodeBeakerError} `invalid_request` for a cursor that is none
 */
export function pageOf(
  open: readonly SessionInfo[],
  { limit, cursor, state }: Page,
  listClosed: (page: { readonly after: string | undefined; readonly limit: number }) => SessionInfo[],
): SessionPage {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const found = state === "closed" ? listClosed({ after: after?.id, limit: limit + 1 }) : open
    .filter((session) => state === undefined || session.state === state)
    .toSorted((a, b) => compare(b, a))
    .filter((session) => after === undefined || compare(session, after) < 0);
  const sessions = found.slice(0, limit);
  const last = sessions.at(-1);
  return { sessions, ...(found.length > limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}) };
}

function compare(a: Position, b: Position): number {
  return a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id);
}

/** The time is in it since the session itself may be gone when somebody goes on from there. */
function cursorOf({ createdAt, id }: Position): string {
  return `${Date.parse(createdAt)}.${id}`;
}

function parseCursor(cursor: string): Position {
  const found = /^(?<at>\d{1,15})\.(?<id>sess_[0-9a-f]{32})$/.exec(cursor)?.groups;
  if (found === undefined) throw invalidField("cursor", "A cursor is what nextCursor of the part before says");
  return { createdAt: new Date(Number(found["at"])).toISOString(), id: found["id"] ?? "" };
}

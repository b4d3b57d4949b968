import { invalidField } from "../core/errors.ts";
import type { SessionInfo } from "../core/session.ts";
import type { SessionPage, SessionsPort } from "./port.ts";

type Page = Parameters<SessionsPort["list"]>[1];

/** The position of a session in a listing. */
interface Position {
  readonly createdAt: string;
  readonly id: string;
}

/**
 * Makes one page of a tenant's sessions, the newest first: those in a state or, by default, those that are not closed.
 *
 * @throws {CodeBeakerError} `invalid_request` for a malformed cursor
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

/** The cursor holds the time, since the session may be gone when the next page is requested. */
function cursorOf({ createdAt, id }: Position): string {
  return `${Date.parse(createdAt)}.${id}`;
}

function parseCursor(cursor: string): Position {
  const found = /^(?<at>\d{1,15})\.(?<id>sess_[0-9a-f]{32})$/.exec(cursor)?.groups;
  if (found === undefined) throw invalidField("cursor", "A cursor is the nextCursor of the page before");
  return { createdAt: new Date(Number(found["at"])).toISOString(), id: found["id"] ?? "" };
}

import { pageOf, parseCursor } from "../core/page.ts";
import type { SessionInfo } from "../core/session.ts";
import type { SessionPage, SessionsPort } from "./port.ts";

/**
 * Makes one page of a tenant's sessions, the newest first. It holds those in a state or, by default, those that are not
 * closed.
 *
 * @throws {CodeBeakerError} `invalid_request` for a malformed cursor
 */
export function sessionPage(
  open: readonly SessionInfo[],
  { limit, cursor, state }: Parameters<SessionsPort["list"]>[1],
  listClosed: (page: { readonly after: string | undefined; readonly limit: number }) => SessionInfo[],
): SessionPage {
  const after = cursor === undefined ? undefined : parseCursor(cursor, "sess");
  const candidates = state === "closed"
    ? listClosed({ after: after?.id, limit: limit + 1 })
    : open.filter((session) => state === undefined || session.state === state);
  const { items: sessions, ...rest } = pageOf(candidates, { after, limit });
  return { sessions, ...rest };
}

import { messageOf } from "../core/errors.ts";
import type { Placement } from "../engine/placement.ts";
import { log } from "../log.ts";
import type { StoredSession } from "../storage/storage.ts";
import type { Clock } from "../system/clock.ts";
import { Session } from "./session.ts";

/**
 * A session that an earlier process kept: open where its environment is there still, else closed. Its variables are known to
 * its environment alone, since they are never stored.
 */
export async function restoreSession(
  { principal, info, request, environmentId }: StoredSession,
  { placement, clock }: { readonly placement: Placement; readonly clock: Clock },
): Promise<Session> {
  const session = new Session({
    owner: { principal },
    request: { ...request, env: {}, metadata: info.metadata },
    selection: info.selection,
    clock,
    kept: info,
  });
  const leftover = { runtime: info.runtime, environmentId, floor: info.selection.floor };
  try {
    const left = session.expiry === undefined ? await placement.reattach(leftover, session.request) : undefined;
    if (left !== undefined) session.open(left);
  } catch (error) {
    log.warning("a session cannot be attached again", { session: session.id, error: messageOf(error) });
  }
  if (session.state === "creating") await session.close(session.expiry ?? "service_lost", () => Promise.resolve());
  return session;
}

import type { Answer } from "./answers/answer.ts";
import type { sessionSchema } from "./answers/session.ts";

/** A session as its owner sees it. */
export type SessionInfo = Answer<typeof sessionSchema>;

/** The state of a session: `active` while it is in use, else `idle`. */
export type SessionState = SessionInfo["state"];

/** Why a session was closed. */
export type CloseReason = NonNullable<SessionInfo["closedBecause"]>;

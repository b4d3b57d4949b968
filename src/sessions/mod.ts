/** What lasts: execution environments with an id, an owner and a clock. */
export type { CommandResult, SessionPage, SessionsPort } from "./port.ts";
export { Sessions, type SessionsOptions } from "./sessions.ts";

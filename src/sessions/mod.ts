/** What lasts: execution environments with an id, an owner and a clock. */
export { Sessions, type SessionsOptions } from "./sessions.ts";

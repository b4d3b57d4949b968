/** Sessions: execution environments that last, with an id, an owner and a clock. */
export { Sessions, type SessionsOptions } from "./sessions.ts";

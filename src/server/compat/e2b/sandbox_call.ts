import type { Context } from "hono";
import type { Caller } from "../../../engine/port.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";

/** A request about one sandbox, or about all. */
export interface SandboxCall {
  readonly context: Context<AppEnv>;
  readonly caller: Caller;
  /** The id of the sandbox, and of its session. Empty in a request about all. */
  readonly id: string;
  readonly sessions: SessionsPort;
}

/** Answers requests by method and path, in which `{id}` stands for an id. */
export type SandboxCalls = Readonly<Record<string, (call: SandboxCall) => Promise<Response> | Response>>;

import type { Context } from "hono";
import type { Caller } from "../../../engine/port.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";

/** A request about one sandbox. */
export interface SandboxCall {
  readonly context: Context<AppEnv>;
  readonly caller: Caller;
  /** The id of the sandbox, which is that of its session. */
  readonly id: string;
  readonly sessions: SessionsPort;
}

/** Answers requests about a sandbox, by method and path. */
export type SandboxCalls = Readonly<Record<string, (call: SandboxCall) => Promise<Response> | Response>>;

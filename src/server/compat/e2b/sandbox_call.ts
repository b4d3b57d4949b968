import type { Context } from "hono";
import type { Caller } from "../../../engine/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import type { CompatOptions } from "../compat_options.ts";

/** Longest wait for an earlier program of a sandbox. Clients wait 60 s for an answer, and learn nothing then. */
export const MAX_QUEUE_MS = 50_000;

/** A request about one sandbox, or about all. */
export interface SandboxCall extends Pick<CompatOptions, "engine" | "sessions"> {
  readonly context: Context<AppEnv>;
  readonly caller: Caller;
  /** The id of the sandbox, and of its session. Empty in a request about all. */
  readonly id: string;
}

/** Answers requests by method and path, in which `{id}` stands for an id. */
export type SandboxCalls = Readonly<Record<string, (call: SandboxCall) => Promise<Response> | Response>>;

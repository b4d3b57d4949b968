import type { Context } from "hono";
import type { ByteLease } from "../concurrency/byte_budget.ts";
import type { AppEnv } from "./http/app_env.ts";

/**
 * Keeps the memory of a large request until its answer is sent. A client that disconnects counts as answered. JSON is
 * sent as a stream: Deno takes a text at once, and reports its end before the client has read it.
 */
export function holdUntilSent(context: Context<AppEnv>, lease: ByteLease): void {
  if (!lease.isLarge || context.env.completed === undefined) return;
  lease.keepUntil(context.env.completed);
  const { res } = context;
  if (res.body === null || !res.headers.get("content-type")?.includes("json")) return;
  context.res = new Response(res.body.pipeThrough(new TransformStream()), res);
}

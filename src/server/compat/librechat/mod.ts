import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";

/** The route of LibreChat's Code API that runs programs. The first request loads its code. */
export function libreChatRoutes({ engine }: CompatOptions): Hono<AppEnv> {
  return new Hono<AppEnv>().post("/exec", async (context) => (await import("./exec.ts")).exec(context, engine));
}

/** Answers with an error in the form of the Code API. A body too long is 400, since LibreChat retries on 413. */
export function sendLibreChatError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, retryAfterMs, status } = answerProblem(context, error);
  if (code === "busy") {
    const retry_after_seconds = Math.ceil((retryAfterMs ?? 1_000) / 1_000);
    return context.json({ error: "rate_limited", message: detail, retry_after_seconds }, status);
  }
  return context.json({ error: detail }, status === 413 ? 400 : status);
}

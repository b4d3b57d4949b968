import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";

/** The one route of codapi's API, version 1. The first request loads its code. */
export function codapiRoutes({ engine }: CompatOptions): Hono<AppEnv> {
  return new Hono<AppEnv>().post("/v1/exec", async (context) => (await import("./exec.ts")).exec(context, engine));
}

/**
 * Answers with an error as codapi does: as a failed execution. An unknown sandbox is 404, and a file name that leaves
 * the workspace 200.
 */
export function sendCodapiError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, errors, status } = answerProblem(context, error);
  const isUnknown = code === "unsupported_language";
  const stderr = isUnknown ? `unknown sandbox: ${detail}` : detail;
  const isOutside = code === "permission_denied" && errors !== undefined;
  const answer = { id: "-", ok: false, duration: 0, stdout: "", stderr };
  return context.json(answer, isUnknown ? 404 : isOutside ? 200 : status);
}

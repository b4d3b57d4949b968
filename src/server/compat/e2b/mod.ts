import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { loadOnce } from "../load_once.ts";
import { connectCode, isRpc, streamError } from "./connect.ts";
import { encodeEnd, LINES_TYPE, toErrorLine } from "./lines.ts";

/** Statuses of an answer to code whose message clients show. */
const SHOWN_STATUSES: readonly number[] = [401, 403, 404, 502];

/** Routes of E2B's control API, and of the APIs of a sandbox. The first request loads their code. */
export function e2bRoutes(options: CompatOptions): Hono<AppEnv> {
  const load = loadOnce(async () => (await import("./e2b_door.ts")).e2bAnswers(options));
  return new Hono<AppEnv>().all("/e2b/*", async (context) => (await load())(context));
}

/**
 * Answers with an error in the form of the API that the path belongs to. An error about a field is 400. Where the
 * sandbox is not there, the answer is that of E2B's proxy, whatever the API. A stream has its error inside, and so has
 * an answer to code, as clients show no message of most statuses.
 */
export function sendE2bError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, errors, status } = answerProblem(context, error);
  if (status === 200) return streamError({ code: connectCode({ code, errors }), message: detail });
  const answered = errors !== undefined || status === 422 ? 400 : status;
  if (context.req.path === "/e2b/execute" && !SHOWN_STATUSES.includes(answered)) {
    return context.body(encodeEnd([toErrorLine(code, detail)]), 200, { "content-type": LINES_TYPE });
  }
  const sent = isRpc(context.req.path) && status !== 502 ? connectCode({ code, errors }) : answered;
  return context.json({ code: sent, message: detail }, answered);
}

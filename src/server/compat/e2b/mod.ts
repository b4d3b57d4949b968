import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { loadOnce } from "../load_once.ts";
import { connectCode, isRpc } from "./connect.ts";

/** Routes of E2B's control API, and of the APIs of a sandbox. The first request loads their code. */
export function e2bRoutes(options: CompatOptions): Hono<AppEnv> {
  const load = loadOnce(async () => {
    const { E2bDoor } = await import("./e2b_door.ts");
    return new E2bDoor(options);
  });
  return new Hono<AppEnv>().all("/e2b/*", async (context) => (await load()).answer(context));
}

/**
 * Answers with an error in the form of the API that the path belongs to. An error about a field is 400. Where the
 * sandbox is not there, the answer is that of E2B's proxy, whatever the API.
 */
export function sendE2bError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, errors, status } = answerProblem(context, error);
  const answered = errors !== undefined || status === 422 ? 400 : status;
  const sent = isRpc(context.req.path) && status !== 502 ? connectCode({ code, errors }) : answered;
  return context.json({ code: sent, message: detail }, answered);
}

import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";

/** The paths of Piston's own API and of its public one. */
const BASES = ["/api/v2", "/api/v2/piston"] as const;

/** Routes of Piston's API, version 2. The first request loads their code. */
export function pistonRoutes(options: CompatOptions): Hono<AppEnv> {
  const load = () => import("./piston_door.ts");
  const app = new Hono<AppEnv>();
  for (const base of BASES) {
    app.get(`${base}/runtimes`, async (context) => (await load()).listRuntimes(context, options))
      .post(`${base}/execute`, async (context) => (await load()).execute(context, options))
      .get(`${base}/connect`, async (context) => (await load()).connect(context, options))
      .get(`${base}/packages`, async (context) => (await load()).listPackages(context, options))
      .on(["POST", "DELETE"], `${base}/packages`, async () => (await load()).refusePackages());
  }
  return app;
}

/** Answers with an error as Piston does. An error about the job is 400, as each of Piston's is. */
export function sendPistonError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, errors, status } = answerProblem(context, error);
  const isOfJob = errors !== undefined || code === "unsupported_language" || code === "no_suitable_runtime";
  return context.json({ message: detail }, isOfJob ? 400 : status);
}

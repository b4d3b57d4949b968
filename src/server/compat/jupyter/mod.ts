import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { loadOnce } from "../load_once.ts";

/** Jupyter's REST API, and the WebSockets of its kernels. */
const ROUTES = [
  "GET /api",
  "GET /api/kernelspecs",
  "GET /api/kernelspecs/:name",
  "GET /api/kernels",
  "POST /api/kernels",
  "GET /api/kernels/:id",
  "DELETE /api/kernels/:id",
  "POST /api/kernels/:id/interrupt",
  "POST /api/kernels/:id/restart",
  "GET /api/kernels/:id/channels",
  "GET /api/sessions",
  "POST /api/sessions",
  "GET /api/sessions/:id",
  "PATCH /api/sessions/:id",
  "DELETE /api/sessions/:id",
] as const;

/** The routes of Jupyter's API. The first request loads their code. */
export function jupyterRoutes(options: CompatOptions): Hono<AppEnv> {
  const load = loadOnce(async () => (await import("./jupyter_calls.ts")).jupyterCalls(options));
  const app = new Hono<AppEnv>();
  for (const route of ROUTES) {
    const [method = "", path = ""] = route.split(" ");
    app.on(method, path, async (context) => (await load())[route](context));
  }
  return app;
}

/** Answers with an error as Jupyter does. */
export function sendJupyterError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, status } = answerProblem(context, error);
  return context.json({ message: detail, reason: code }, status);
}

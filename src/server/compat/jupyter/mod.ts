import { type Context, Hono } from "hono";
import type { AppEnv } from "../../http/app_env.ts";
import { answerProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { loadOnce } from "../load_once.ts";

/** Routes of Jupyter's REST API and of its kernels' WebSockets. The first request loads their code. */
export function jupyterRoutes(options: CompatOptions): Hono<AppEnv> {
  const load = loadOnce(async () => {
    const { JupyterDoor } = await import("./jupyter_door.ts");
    return new JupyterDoor(options);
  });
  const app = new Hono<AppEnv>();
  app.get("/api", async () => (await load()).showVersion());
  app.get("/api/status", async (context) => (await load()).showStatus(context));
  app.get("/api/kernelspecs", async (context) => (await load()).listSpecs(context));
  app.get("/api/kernelspecs/:name", async (context) => (await load()).showSpec(context.req.param("name")));
  app.get("/api/kernels", async (context) => (await load()).listKernels(context))
    .post(async (context) => (await load()).startKernel(context));
  app.get("/api/kernels/:id", async (context) => (await load()).showKernel(context, context.req.param("id")))
    .delete(async (context) => (await load()).stopKernel(context, context.req.param("id")));
  app.post("/api/kernels/:id/interrupt", async (context) => (await load()).interrupt(context, context.req.param("id")));
  app.post("/api/kernels/:id/restart", async (context) => (await load()).restart(context, context.req.param("id")));
  app.get("/api/kernels/:id/channels", async (context) => (await load()).connect(context, context.req.param("id")));
  app.get("/api/sessions", async (context) => (await load()).notebooks.list(context))
    .post(async (context) => (await load()).notebooks.open(context));
  app.get("/api/sessions/:id", async (context) => (await load()).notebooks.show(context, context.req.param("id")))
    .patch(async (context) => (await load()).notebooks.change(context, context.req.param("id")))
    .delete(async (context) => (await load()).notebooks.close(context, context.req.param("id")));
  return app;
}

/** Answers with an error as Jupyter does. */
export function sendJupyterError(context: Context<AppEnv>, error: unknown): Response {
  const { code, detail, status } = answerProblem(context, error);
  return context.json({ message: detail, reason: code }, status);
}

import { type Context, Hono } from "hono";
import { accepts } from "hono/accepts";
import type { Answer } from "../../core/answers/answer.ts";
import type { serviceIndexSchema } from "../../core/answers/service.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import { CONSOLE_PATH } from "../auth/auth.ts";
import type { AppEnv } from "../http/app_env.ts";

/** The name and version of the service, and its first paths. */
const INDEX: Answer<typeof serviceIndexSchema> = {
  name: SERVICE_NAME,
  version: VERSION,
  docs: "/docs",
  openapi: "/openapi.json",
  console: "/",
  health: "/health/ready",
  runtimes: "/v1/runtimes",
  languages: "/v1/languages",
  executions: "/v1/executions",
  sessions: "/v1/sessions",
  jsonRpc: "/ws/jsonrpc",
  mcp: "/mcp",
  diagnostics: "/v1/diagnostics",
  metrics: "/metrics",
};

/**
 * Routes of the index, and of the console, which a browser gets instead. Nothing of the console is loaded before it is
 * asked for.
 */
export function indexRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/", async (context) => {
      if (!isBrowser(context)) return context.json(INDEX, 200, { vary: "Accept" });
      const { sendPage } = await import("../console/mod.ts");
      return await sendPage(context);
    })
    .get(`${CONSOLE_PATH}:file`, async (context) => {
      const { sendPart } = await import("../console/mod.ts");
      return await sendPart(context, context.req.param("file"));
    });
}

/** Whether a client asks for a page. One that takes anything, as curl does, gets JSON. */
function isBrowser(context: Context<AppEnv>): boolean {
  const supports = ["application/json", "text/html"];
  return accepts(context, { header: "Accept", supports, default: "application/json" }) === "text/html";
}

import { Hono } from "hono";
import type { Answer } from "../../core/answers/answer.ts";
import type { serviceIndexSchema } from "../../core/answers/service.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import type { AppEnv } from "../http/app_env.ts";

/** The name and version of the service, and its first paths. */
const INDEX: Answer<typeof serviceIndexSchema> = {
  name: SERVICE_NAME,
  version: VERSION,
  docs: "/docs",
  openapi: "/openapi.json",
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

/** Route of the index, for a first visitor. */
export function indexRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", (context) => context.json(INDEX));
}

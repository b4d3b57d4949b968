import { Hono } from "hono";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import type { AppEnv } from "../http/app_env.ts";

/** The name and version of the service, and its first paths. */
const INDEX = {
  name: SERVICE_NAME,
  version: VERSION,
  health: "/health/ready",
  runtimes: "/v1/runtimes",
  languages: "/v1/languages",
  executions: "/v1/executions",
  sessions: "/v1/sessions",
  jsonRpc: "/ws/jsonrpc",
  diagnostics: "/v1/diagnostics",
  metrics: "/metrics",
};

/** Route of the index, for a first visitor. */
export function indexRoutes(): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", (context) => context.json(INDEX));
}

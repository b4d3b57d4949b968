import { Hono } from "hono";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";

/** Route of the diagnosis: the isolation of programs here, and how to raise it. */
export function diagnosticsRoutes(engine: Pick<EnginePort, "diagnose">): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/v1/diagnostics", async (context) => {
    context.header("cache-control", "no-store");
    return context.json(await engine.diagnose());
  });
}

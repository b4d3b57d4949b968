import { Hono } from "hono";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";

/** What stands around programs, and what would make it more. */
export function diagnosticsRoutes(engine: Pick<EnginePort, "diagnose">): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/v1/diagnostics", async (context) => {
    context.header("cache-control", "no-store");
    return context.json(await engine.diagnose());
  });
}

import { Hono } from "hono";
import { VERSION } from "../../core/version.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";

/** Routes of liveness, and of readiness: requests are accepted and a runtime is available. */
export function healthRoutes(engine: Pick<EnginePort, "readiness" | "isOpen">): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/health/live", (context) => context.json({ status: "live", version: VERSION }))
    .get("/health/ready", async (context) => {
      const runtimes = await engine.readiness();
      const isReady = engine.isOpen && runtimes.some(({ available }) => available);
      return context.json({ status: isReady ? "ready" : "not_ready", runtimes }, isReady ? 200 : 503);
    });
}

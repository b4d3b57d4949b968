import { Hono } from "hono";
import type { Answer } from "../../core/answers/answer.ts";
import type { livenessSchema, readinessSchema } from "../../core/answers/service.ts";
import { VERSION } from "../../core/version.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";

const LIVE: Answer<typeof livenessSchema> = { status: "live", version: VERSION };

/** Routes of liveness, and of readiness: requests are accepted and a runtime is available. */
export function healthRoutes(engine: Pick<EnginePort, "readiness" | "isOpen">): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/health/live", (context) => context.json(LIVE))
    .get("/health/ready", async (context) => {
      const runtimes = await engine.readiness();
      const isReady = engine.isOpen && runtimes.some(({ available }) => available);
      const answer: Answer<typeof readinessSchema> = { status: isReady ? "ready" : "not_ready", runtimes };
      return context.json(answer, isReady ? 200 : 503);
    });
}

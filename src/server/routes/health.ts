import { Hono } from "hono";
import type { Answer } from "../../core/answers/answer.ts";
import type { livenessSchema, readinessSchema, serviceFaultSchema } from "../../core/answers/service.ts";
import { VERSION } from "../../core/version.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";

const LIVE: Answer<typeof livenessSchema> = { status: "live", version: VERSION };

/** A fault of the service beside its runtimes. */
export type ServiceFault = Answer<typeof serviceFaultSchema>;

/** What health is read from. */
export interface HealthOptions {
  readonly engine: Pick<EnginePort, "readiness" | "isOpen">;
  /** Finds faults beside those of runtimes. Absent, there are none. Programs run in spite of them. */
  findFaults?(): Promise<readonly ServiceFault[]>;
}

/** Routes of liveness, and of readiness: requests are accepted and a runtime is available. */
export function healthRoutes({ engine, findFaults = () => Promise.resolve([]) }: HealthOptions): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/health/live", (context) => context.json(LIVE))
    .get("/health/ready", async (context) => {
      const [runtimes, faults] = await Promise.all([engine.readiness(), findFaults()]);
      const isReady = engine.isOpen && runtimes.some(({ available }) => available);
      const answer: Answer<typeof readinessSchema> = {
        status: isReady ? "ready" : "not_ready",
        runtimes,
        ...(faults.length === 0 ? {} : { faults: [...faults] }),
      };
      return context.json(answer, isReady ? 200 : 503);
    });
}

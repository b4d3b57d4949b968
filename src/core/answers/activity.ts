import { z } from "zod";
import { countSchema, durationSchema, timeSchema } from "./fields.ts";
import { percentilesSchema, poolStateSchema } from "./runtime.ts";

const latencyFields = {
  executions: countSchema.describe("Ended executions in the time"),
  startupMs: percentilesSchema,
  wallMs: percentilesSchema,
};

/** The latencies of one step of time. */
export const latencyStepSchema = z.strictObject({ at: timeSchema.describe("The begin of the step"), ...latencyFields })
  .meta({ id: "LatencyStep", description: "The latencies of the executions that ended in one step of time" });

/** A runtime's latest executions. */
export const runtimeActivitySchema = z.strictObject({
  runtime: z.string(),
  pool: poolStateSchema.exactOptional().describe("Present where there is a warm pool"),
  ...latencyFields,
  steps: z.array(latencyStepSchema).describe("The steps in which executions ended, the oldest first"),
}).meta({ id: "RuntimeActivity", description: "The latencies of a runtime's latest executions" });

/** The answer of `GET /v1/activity`. */
export const activitySchema = z.strictObject({
  startedAt: timeSchema.describe("The start of the service"),
  windowMs: durationSchema.describe("The time before now that the latencies are of"),
  stepMs: durationSchema.describe("The length of a step"),
  service: z.strictObject({
    running: countSchema.describe("Programs that hold a slot"),
    queued: countSchema.describe("Programs that wait for one"),
    sessions: countSchema,
    contexts: countSchema,
  }).exactOptional().describe("Present for a key with the scope admin, as the figures are of all tenants"),
  runtimes: z.array(runtimeActivitySchema).exactOptional().describe(
    "Present for a key with the scope admin, as the figures are of all tenants",
  ),
}).meta({ id: "Activity", description: "The present work of the service, and the latencies of its latest" });

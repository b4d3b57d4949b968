import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { capabilitiesSchema, isolationLevelSchema } from "./capabilities.ts";
import { countSchema } from "./fields.ts";
import { startPathSchema } from "./selection.ts";
import { RUNTIME_TYPES } from "./vocabulary.ts";

/** The fields of something that may be unavailable. */
const availabilityFields = {
  available: z.boolean(),
  reason: z.string().exactOptional().describe("Why it cannot be used now"),
  remedy: z.string().exactOptional().describe("What to install or to change on the service's machine"),
};

/** Whether something can be used now, and why not. */
export const availabilitySchema = z.strictObject(availabilityFields);

/** A runtime's answer to whether it can be used now. */
export const runtimeReadinessSchema = z.strictObject({ name: z.string(), ...availabilityFields }).meta({
  id: "RuntimeReadiness",
  description: "Whether a runtime can be used now, and why not",
});

/** An environment name on one runtime. */
export const environmentSchema = z.strictObject({
  name: z.string(),
  contexts: z.boolean().describe("Whether the environment name has contexts on the runtime"),
  ...availabilityFields,
}).meta({ id: "Environment", description: "An environment name on one runtime" });

/** The median and the tail of measurements. */
export const percentilesSchema = z.strictObject({
  p50: z.number().min(0).nullable(),
  p95: z.number().min(0).nullable(),
}).meta({ id: "Percentiles", description: "The median and the tail of measurements; null without samples" });

const summaryFields = {
  samples: countSchema,
  startupMs: percentilesSchema,
  memoryMb: percentilesSchema,
};

/** A summary of samples. */
export const summarySchema = z.strictObject(summaryFields);

/** The measurements of a runtime since the service started. */
export const measuredSchema = z.strictObject({
  ...summaryFields,
  failures: countSchema.describe("Environments or programs that could not be started"),
  paths: z.array(z.strictObject({ language: z.string(), path: startPathSchema, ...summaryFields })).exactOptional()
    .describe("The summary of each language and path that was taken; absent if none was"),
}).meta({ id: "Measured", description: "The measurements of a runtime since the service started" });

/** The isolation that is in force. */
export const isolationSchema = z.strictObject({
  level: isolationLevelSchema,
  layers: z.array(z.string()).describe("The active layers, the innermost first"),
  limits: z.array(z.enum(Object.keys(LIMITS) as [keyof typeof LIMITS, ...(keyof typeof LIMITS)[]])).describe(
    "The limits that are enforced",
  ),
}).meta({ id: "Isolation", description: "The isolation that is in force" });

/** The state of a runtime's warm pool. */
export const poolStateSchema = z.strictObject({
  ready: countSchema.describe("The warm members"),
  hits: countSchema.describe("How many requests found a warm member"),
  misses: countSchema,
}).meta({ id: "PoolState", description: "A runtime's part of the warm pool" });

/** A runtime as `GET /v1/runtimes` shows it. */
export const runtimeDescriptionSchema = z.strictObject({
  name: z.string(),
  type: z.enum(RUNTIME_TYPES),
  environments: z.array(environmentSchema),
  ...availabilityFields,
  capabilities: capabilitiesSchema,
  measured: measuredSchema,
  isolation: isolationSchema,
  pool: poolStateSchema.exactOptional().describe("Present where there is a warm pool"),
}).meta({ id: "Runtime", description: "A way to run programs: what it declares, measures and enforces" });

/** The answer of `GET /v1/runtimes`. */
export const runtimeListSchema = z.strictObject({ runtimes: z.array(runtimeDescriptionSchema) }).meta({
  id: "RuntimeList",
  description: "Every runtime",
});

/** A language as `GET /v1/languages` shows it. */
export const languageDescriptionSchema = z.strictObject({
  name: z.string(),
  aliases: z.array(z.string()),
  available: z.boolean().describe("Whether some runtime can run it now"),
  reason: z.string().exactOptional().describe("Why no runtime can, and the remedy"),
  runtimes: z.array(z.string()).describe("The names of the runtimes that support it, available or not"),
  contexts: z.boolean().describe("Whether one of them has contexts for it"),
}).meta({ id: "Language", description: "An environment name that some runtime supports" });

/** The answer of `GET /v1/languages`. */
export const languageListSchema = z.strictObject({ languages: z.array(languageDescriptionSchema) }).meta({
  id: "LanguageList",
  description: "Every language that some runtime supports",
});

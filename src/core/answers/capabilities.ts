import { z } from "zod";
import { countSchema } from "./fields.ts";
import { MAX_ISOLATION } from "./vocabulary.ts";

/** An isolation level. */
export const isolationLevelSchema = z.int().min(0).max(MAX_ISOLATION);

/** The abilities and costs that a runtime declares. */
export const capabilitiesSchema = z.strictObject({
  startupTimeMs: countSchema.describe("Time until a program may begin"),
  memoryOverheadMB: countSchema.describe("Memory of an environment without that of its program"),
  isolationLevel: isolationLevelSchema.describe("0 is none; the highest is another kernel"),
  supportsFilesystemPersistence: z.boolean(),
  supportsNetworkAccess: z.boolean(),
  maxConcurrentExecutions: countSchema,
}).meta({ id: "RuntimeCapabilities", description: "The abilities and costs that a runtime declares" });

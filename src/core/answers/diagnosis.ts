import { z } from "zod";
import { isolationLevelSchema } from "./capabilities.ts";

/** One layer of isolation on a machine. */
export const layerFindingSchema = z.strictObject({
  name: z.string(),
  active: z.boolean(),
  detail: z.string().describe("The effect of the layer or, when it is not active, why not"),
  remedy: z.string().exactOptional().describe("How to activate the layer"),
}).meta({ id: "LayerFinding", description: "One layer of isolation on the service's machine" });

/** The result of one canary of the self-test. */
export const canaryFindingSchema = z.strictObject({
  name: z.string(),
  promise: z.string().describe("The promise that it tests"),
  kept: z.boolean(),
  detail: z.string().exactOptional().describe("The observation that shows a broken promise"),
}).meta({ id: "CanaryFinding", description: "The result of one canary of the self-test" });

/** A requirement of a language, and whether the machine meets it. */
export const languageFindingSchema = z.strictObject({ name: z.string(), isHere: z.boolean(), detail: z.string() })
  .meta({ id: "LanguageFinding", description: "A requirement of a language, and whether the machine meets it" });

/** The isolation of a runtime's programs, layer by layer. */
export const diagnosisSchema = z.strictObject({
  level: isolationLevelSchema.describe("The isolation of a program without permissions"),
  layers: z.array(layerFindingSchema).describe("The strongest first"),
  canaries: z.array(canaryFindingSchema),
  languages: z.array(languageFindingSchema).exactOptional().describe(
    "The requirements of languages, beyond those of the runtime",
  ),
  next: z.strictObject({ level: isolationLevelSchema, remedy: z.string() }).exactOptional().describe(
    "The next reachable level, and how to reach it; absent on the highest",
  ),
});

/** A diagnosis with the name of its runtime. */
export const runtimeDiagnosisSchema = z.strictObject({
  runtime: z.string(),
  available: z.boolean(),
  reason: z.string().exactOptional().describe("Why the runtime is not available"),
  remedy: z.string().exactOptional().describe("What to install or to change to make the runtime available"),
  ...diagnosisSchema.shape,
}).meta({ id: "RuntimeDiagnosis", description: "The isolation of a runtime's programs, layer by layer" });

/** The result of one check of the machine or of the service's settings. */
export const checkFindingSchema = z.strictObject({
  name: z.string(),
  good: z.boolean().describe("Whether the check passed"),
  detail: z.string(),
  remedy: z.string().exactOptional().describe("How to make the check pass"),
}).meta({ id: "CheckFinding", description: "The result of one check of the machine or of the service's settings" });

/** The machine's memory, and the budget of programs and workspaces. */
export const memoryFindingSchema = z.strictObject({ machineMb: z.number().min(0), budgetMb: z.number().min(0) }).meta({
  id: "MemoryFinding",
  description: "The machine's memory, and the budget of programs and workspaces",
});

/** The diagnosis of the whole service. */
export const serviceDiagnosisSchema = z.strictObject({
  floor: isolationLevelSchema.describe("The service's own isolation floor"),
  floorReached: z.boolean().describe("Whether an available runtime reaches the floor"),
  memory: memoryFindingSchema,
  checks: z.array(checkFindingSchema),
  runtimes: z.array(runtimeDiagnosisSchema),
}).meta({ id: "Diagnosis", description: "The isolation of programs here, and how to raise it" });

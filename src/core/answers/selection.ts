import { z } from "zod";
import { isolationLevelSchema } from "./capabilities.ts";
import { durationSchema } from "./fields.ts";
import { PREFERENCES, REJECTION_CODES } from "./vocabulary.ts";

/** A feature that a program uses and that some runtime of its language lacks. */
export const needSchema = z.strictObject({
  kind: z.enum(["global", "builtin", "package", "url", "module", "syntax", "types"]).describe(
    "builtin is a module of the runtime, package comes from a registry, url from the web, module is one of Python, types is TypeScript that cannot run by erasing its types",
  ),
  name: z.string().describe("The name as the program spells it: node:fs, npm:chalk, numpy, enum"),
  effect: z.enum(["process", "socket", "thread", "file"]).exactOptional().describe(
    "The resource beside memory that the need uses; absent where none is known",
  ),
  file: z.string().describe("The file of the first use"),
  line: z.int().min(1).describe("The line of the first use"),
  certain: z.boolean().describe("Whether the program cannot begin without it"),
}).meta({ id: "Need", description: "A feature that a program uses and that some runtime of its language lacks" });

/** The needs of a program, as far as its text shows. */
export const needsSchema = z.strictObject({
  known: z.boolean().describe("Whether uses lists every need"),
  reason: z.string().exactOptional().describe("Why uses may be incomplete; absent when known"),
  uses: z.array(needSchema),
}).meta({ id: "Needs", description: "The needs of a program, as far as its text shows" });

/** Why a candidate is rejected, as a code and as text. */
export const rejectionSchema = z.strictObject({
  code: z.enum(REJECTION_CODES),
  detail: z.string(),
  fields: z.array(z.string()).exactOptional().describe(
    "The fields of the request at fault; absent, code determines the field, where there is one",
  ),
  remedy: z.string().exactOptional().describe(
    "What to install or to change on the service's machine; absent where the obstacle may pass by itself",
  ),
  retryAfterMs: durationSchema.exactOptional().describe("When the same request may pass; absent when unknown"),
}).meta({ id: "Rejection", description: "Why a candidate is rejected" });

/** Whether a start uses a warm environment. */
export const startPathSchema = z.enum(["cold", "warm"]);

/** The inputs of a score. */
export const scoreInputsSchema = z.strictObject({
  startupMs: durationSchema,
  memoryMb: z.number().min(0),
  isolationLevel: isolationLevelSchema.describe("The isolation of the environment that this request would get"),
  source: z.enum(["declared", "measured"]).describe(
    "The source of start-up and memory: the runtime's declaration, or medians of its latest executions",
  ),
  path: startPathSchema.exactOptional().describe("The path of the measured starts; absent without any"),
}).meta({ id: "ScoreInputs", description: "The inputs of a score" });

/** One runtime in a selection. */
export const candidateSchema = z.strictObject({
  runtime: z.string(),
  passed: z.boolean(),
  rejectedBecause: rejectionSchema.exactOptional(),
  score: z.number().exactOptional().describe(
    "The rank by the request's preference; absent when rejected. The highest score wins, with these exceptions: a candidate with better declared figures has nearly the same score; only one of two candidates was measured, and their declared figures decide; another is ten times and 200 ms faster, and takes less than 64 MB more; or the highest lacks a feature that the program needs and another candidate has them all",
  ),
  lacks: z.string().exactOptional().describe(
    "Features that the program uses and the runtime lacks, with their places; absent when rejected",
  ),
  inputs: scoreInputsSchema,
}).meta({ id: "Candidate", description: "One runtime in a selection" });

/** The explained choice of a runtime. */
export const selectionSchema = z.strictObject({
  chosen: z.string().nullable().describe("The name of the runtime, or null when none passed"),
  preference: z.enum(PREFERENCES),
  floor: isolationLevelSchema.describe("The isolation floor in force: the server's, raised by the request"),
  needs: needsSchema.exactOptional().describe(
    "The needs of the program; absent where its language is not analysed, a runtime is forced, or there is no program yet",
  ),
  candidates: z.array(candidateSchema).describe("Those that passed, best first, then the rejected ones"),
}).meta({ id: "Selection", description: "The explained choice of a runtime" });

/** One failed attempt to create an environment, before any user code began. */
export const attemptSchema = z.strictObject({ runtime: z.string(), error: z.string() }).meta({
  id: "Attempt",
  description: "One failed attempt to create an environment, before any user code began",
});

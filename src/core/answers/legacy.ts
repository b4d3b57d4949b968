import { z } from "zod";
import { executionSchema } from "./execution.ts";
import { durationSchema } from "./fields.ts";
import { codeSchema } from "./problem.ts";

const { id: executionId, outcome, exitCode, createdAt, ...fields } = executionSchema.shape;

const warnings = z.array(z.string()).exactOptional().describe("Fields of the request that were ignored or changed");

/** The end of an execution in the original's fields. */
export const legacySummarySchema = z.strictObject({
  executionId,
  status: z.enum(["completed", "failed", "cancelled"]).describe("completed where the program exited with 0"),
  exitCode,
  durationMs: durationSchema,
  timeout: z.boolean().describe("Whether the time limit ended the program"),
  outcome,
});

/** The answer of the original's door to the submit of a program. */
export const legacySubmitSchema = z.union([
  z.strictObject({ executionId, status: z.literal("queued"), warnings }),
  executionSchema.extend({ executionId, durationMs: durationSchema, warnings }),
]).meta({ id: "LegacySubmit", description: "An accepted execution or, with wait, its result" });

/** The answer of the original's door about an execution. */
export const legacyStatusSchema = z.strictObject({
  executionId,
  status: z.enum(["queued", "running", "completed", "failed", "cancelled", "not_found"]),
  exitCode,
  durationMs: durationSchema.nullable().describe("Null until the end"),
  timeout: z.boolean().describe("Whether the time limit ended the program"),
  outcome: outcome.nullable().describe("Null until the end"),
  stdout: fields.stdout,
  stderr: fields.stderr,
  runtime: fields.runtime.exactOptional(),
  denials: fields.denials.exactOptional(),
  denialsOmitted: fields.denialsOmitted,
  notes: fields.notes,
  truncated: fields.truncated.exactOptional(),
  truncatedAt: fields.truncatedAt,
  outputFiles: fields.outputFiles,
  outputFilesOmitted: fields.outputFilesOmitted,
  selection: fields.selection,
  attempts: fields.attempts,
  createdAt: createdAt.exactOptional(),
  error: z.string().exactOptional().describe("Why the service could not run the program"),
  code: codeSchema.exactOptional().describe("The code of the error"),
}).meta({ id: "LegacyStatus", description: "The state of an execution in the original's fields" });

/** A language and the first available runtime for it. */
export const legacyLanguageSchema = z.strictObject({ name: z.string(), runtime: z.string() }).meta({
  id: "LegacyLanguage",
  description: "A language and the first available runtime for it",
});

/** The answer of the original's door about languages. */
export const legacyLanguageListSchema = z.strictObject({ languages: z.array(legacyLanguageSchema) }).meta({
  id: "LegacyLanguageList",
  description: "Every language that can run now",
});

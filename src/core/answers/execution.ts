import { z } from "zod";
import type { Answer } from "./answer.ts";
import { denialFields } from "./denial.ts";
import { countSchema, durationSchema, timeSchema } from "./fields.ts";
import { attemptSchema, selectionSchema } from "./selection.ts";
import { MAX_DISPLAYS, MAX_OUTPUT_FILES } from "./vocabulary.ts";

/** How a program ended. */
export const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exited"), exitCode: z.int() }),
  z.strictObject({ kind: z.literal("signaled"), signal: z.string() }),
  z.strictObject({ kind: z.literal("timed_out"), limitMs: countSchema }),
  z.strictObject({ kind: z.literal("cpu_limit"), limitMs: countSchema, observedMs: durationSchema }),
  z.strictObject({ kind: z.literal("memory_limit"), limitMb: countSchema, observedMb: z.number().min(0) }),
  z.strictObject({ kind: z.literal("output_limit"), limitBytes: countSchema, observedBytes: countSchema }),
  z.strictObject({
    kind: z.literal("disk_limit"),
    limitMb: countSchema,
    observedMb: z.number().min(0),
    limitFiles: countSchema.exactOptional().describe(
      "Present when the number of files and directories was exceeded",
    ),
    observedFiles: countSchema.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("process_limit"), limit: countSchema, observed: countSchema }),
  z.strictObject({ kind: z.literal("descriptor_limit"), limit: countSchema, observed: countSchema }),
  z.strictObject({ kind: z.literal("cancelled") }),
  z.strictObject({ kind: z.literal("interrupted"), reason: z.string() }),
  z.strictObject({ kind: z.literal("compile_failed"), exitCode: z.int().describe("The compiler's exit code") }),
]).meta({
  id: "Outcome",
  description: "How a program ended. The first cause wins; a limit carries its value and the observed value",
});

/** The usage of an execution. */
export const usageSchema = z.strictObject({
  wallMs: durationSchema.describe("From the program's begin to its end"),
  startupMs: durationSchema.describe("From the request for the environment, without the queue, to the program's begin"),
  cpuMs: durationSchema.nullable().describe("User and system time of the program and its children; null if unknown"),
  peakMemoryBytes: countSchema.nullable().describe(
    "Peak of the memory that memoryMb limits, as far as it was sampled. It counts private memory, that of the start included, and files in memory that counts for the limit. It also counts an interpreter that the limit leaves out. Null if unknown",
  ),
}).meta({ id: "Usage", description: "The usage of an execution" });

const exitCodeSchema = z.int().nullable().describe(
  "The exit code of the program, or of the compiler that failed; null when there is none",
);

const omittedBytesSchema = z.strictObject({ stdout: countSchema, stderr: countSchema });

/** The result of the compiler, for a compiled language. */
export const compileResultSchema = z.strictObject({
  outcome: outcomeSchema,
  stdout: z.string(),
  stderr: z.string(),
  truncated: omittedBytesSchema.exactOptional().describe(
    "Bytes left out of the middle of each stream; present only where some are",
  ),
  cpuMs: durationSchema.nullable().describe("User and system time of the compiler; null where it is unknown"),
}).meta({ id: "CompileResult", description: "The result of the compiler, for a compiled language" });

/** A note on a failure. */
export const noteSchema = z.strictObject({
  kind: z.literal("missing_module"),
  module: z.string(),
  remedy: z.string().describe("What installs the module, or who can"),
}).meta({ id: "Note", description: "What the service can say of a failure beyond the program's own words" });

/** What the service can say of a failure beyond the program's own words. */
export type Note = Answer<typeof noteSchema>;

/** A value in one or more forms, by MIME type. */
export const mimeBundleSchema = z.record(z.string(), z.unknown()).meta({
  id: "MimeBundle",
  description: "A value in one or more forms, by MIME type. A form is text, base64 for bytes, or JSON",
});

/** An error that a cell did not handle. */
export const cellErrorSchema = z.strictObject({
  name: z.string().describe("The name of the error's class; Uncaught for a thrown value that is no error"),
  message: z.string(),
  traceback: z.string().describe("The error with its stack, as stderr shows it"),
}).meta({ id: "CellError", description: "An error that a cell did not handle; long texts lack their middle" });

const cellAnswerFields = {
  value: z.unknown().exactOptional().describe("The value of the last expression of a cell; absent without one"),
  valueType: z.enum(["json", "mime"]).exactOptional().describe("Whether the value is JSON, or a MIME bundle"),
  text: z.string().exactOptional().describe(
    "The value as the language's own prompt shows it; a long text lacks its middle",
  ),
  error: cellErrorSchema.exactOptional().describe("Present when the cell failed"),
  displays: z.array(mimeBundleSchema).max(MAX_DISPLAYS).exactOptional().describe(
    "The values that the cell displayed, in order",
  ),
  displaysOmitted: countSchema.exactOptional().describe(
    "How many displays are left out because all together were too long",
  ),
};

const cellLocationFields = {
  contextId: z.string().exactOptional().describe("Present for a cell"),
  cell: z.string().exactOptional().describe("The cell's file name in stack traces"),
  contextLost: z.literal(true).exactOptional().describe("Present when the context was lost, with all its variables"),
};

/** A file of the workspace in an answer. */
export const outputFileSchema = z.strictObject({
  path: z.string(),
  content: z.string(),
  encoding: z.enum(["utf8", "base64"]).describe("utf8 where the bytes are UTF-8 without a NUL"),
  bytes: countSchema,
}).meta({ id: "OutputFile", description: "A file of the workspace in an answer" });

/** The files that match `outputs` and are not in the answer. */
export const omittedFilesSchema = z.strictObject({
  count: countSchema,
  paths: z.array(z.string()).max(MAX_OUTPUT_FILES).describe("The first of them"),
  error: z.string().exactOptional().describe(
    "Why files could not be found or read; absent where files only did not fit",
  ),
}).meta({ id: "OmittedFiles", description: "The files that match outputs and are not in the answer" });

const outputFields = {
  outputFiles: z.array(outputFileSchema).max(MAX_OUTPUT_FILES).exactOptional().describe(
    "Present with outputs. The files of the first glob come first, and each glob's in the order of their paths",
  ),
  outputFilesOmitted: omittedFilesSchema.exactOptional().describe("Present when files are missing"),
};

/** The fields of a cell's result that other programs' results lack. */
export const cellAnswerSchema = z.strictObject(cellAnswerFields);

/** The context of a cell, and whether the context was lost. */
export const cellLocationSchema = z.strictObject(cellLocationFields);

/** The files that a request asks for with `outputs`. */
export const outputFilesSchema = z.strictObject(outputFields);

/** The result of one test. */
export const testResultSchema = z.strictObject({
  name: z.string(),
  verdict: z.enum([
    "accepted",
    "wrong_answer",
    "time_limit",
    "memory_limit",
    "output_limit",
    "runtime_error",
    "compile_error",
  ]),
  outcome: outcomeSchema,
  stdout: z.string(),
  stderr: z.string(),
  truncated: omittedBytesSchema.exactOptional().describe(
    "Bytes left out of the middle of each stream; present only where some are",
  ),
  usage: usageSchema,
}).meta({ id: "TestResult", description: "The result of one test of a program" });

/** The result of a program. When the compiler failed, the outcome is the compiler's. */
export const programResultSchema = z.strictObject({
  outcome: outcomeSchema,
  exitCode: exitCodeSchema,
  stdout: z.string(),
  stderr: z.string(),
  truncated: omittedBytesSchema.describe("Bytes left out of the middle of each stream"),
  truncatedAt: z.strictObject({ stdout: countSchema.exactOptional(), stderr: countSchema.exactOptional() })
    .exactOptional().describe(
      "Where bytes of a text are left out, in UTF-16 code units; present only where some are",
    ),
  usage: usageSchema,
  compile: compileResultSchema.exactOptional().describe("Present for a compiled language"),
  tests: z.array(testResultSchema).exactOptional().describe(
    "The results of the request's tests, in their order. Each has its own output, and all together keep at most maxOutputBytes of each stream",
  ),
  ...denialFields,
  notes: z.array(noteSchema).exactOptional().describe("Present where a module is missing"),
  ...cellAnswerFields,
  ...cellLocationFields,
  ...outputFields,
});

/** The answer to a request to run a program, whatever its outcome. */
export const executionSchema = z.strictObject({
  id: z.string(),
  status: z.literal("ended"),
  language: z.string(),
  sessionId: z.string().exactOptional().describe("Present when the program ran in a session"),
  runtime: z.string(),
  warm: z.boolean().describe("Whether a warm environment was used"),
  ...programResultSchema.shape,
  selection: selectionSchema.exactOptional().describe("Present with explain"),
  attempts: z.array(attemptSchema).exactOptional().describe("Present with explain, and when an attempt failed"),
  createdAt: timeSchema,
}).meta({
  id: "Execution",
  description:
    "A program that has ended, whatever its outcome. When the compiler of its language failed, the outcome is the compiler's",
});

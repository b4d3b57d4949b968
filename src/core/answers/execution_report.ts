import { z } from "zod";
import { countSchema, nextCursorSchema, timeSchema } from "./fields.ts";
import { executionSchema, mimeBundleSchema } from "./execution.ts";
import { problemSchema } from "./problem.ts";
import { EXECUTION_STATUSES } from "./vocabulary.ts";

/** An accepted execution, which has not ended. */
export const acceptedExecutionSchema = z.strictObject({
  id: z.string(),
  status: z.enum(EXECUTION_STATUSES).describe("More than queued only where the same request was submitted before"),
}).meta({ id: "AcceptedExecution", description: "An execution that was accepted" });

/** An execution that has not ended. */
export const pendingExecutionSchema = z.strictObject({
  id: z.string(),
  status: z.enum(["queued", "running"]),
  language: z.string(),
  sessionId: z.string().exactOptional(),
  createdAt: timeSchema,
  stdout: z.string().describe("Head and tail of the output so far"),
  stderr: z.string(),
}).meta({ id: "PendingExecution", description: "An execution that has not ended" });

/** An execution whose program the service could not run. */
export const failedExecutionSchema = z.strictObject({
  id: z.string(),
  status: z.literal("failed"),
  error: problemSchema,
}).meta({ id: "FailedExecution", description: "An execution whose program the service could not run" });

/** The answer of `GET /v1/executions/{id}`. */
export const executionReportSchema = z.discriminatedUnion("status", [
  executionSchema,
  pendingExecutionSchema,
  failedExecutionSchema,
]).meta({ id: "ExecutionReport", description: "The state of an execution until its end, then its result" });

const { runtime, sessionId, contextId, warm, outcome, exitCode, usage } = executionSchema.shape;

/** An execution in a listing, without its output. */
export const executionEntrySchema = z.strictObject({
  id: z.string(),
  status: z.enum(EXECUTION_STATUSES).describe("failed when the service, and not the program, failed"),
  language: z.string(),
  sessionId,
  contextId,
  runtime: runtime.exactOptional().describe("Present once its program may have begun"),
  warm: warm.exactOptional(),
  outcome: outcome.exactOptional(),
  exitCode: exitCode.exactOptional(),
  usage: usage.exactOptional(),
  error: problemSchema.exactOptional().describe("Why the service could not run the program"),
  preview: z.string().exactOptional().describe(
    "The beginning of its code or command. It is in memory alone, and absent after a restart",
  ),
  createdAt: timeSchema,
}).meta({ id: "ExecutionEntry", description: "An execution in a listing, without its output" });

/** One page of a tenant's executions. */
export const executionPageSchema = z.strictObject({
  executions: z.array(executionEntrySchema),
  nextCursor: nextCursorSchema,
}).meta({ id: "ExecutionPage", description: "One page of executions, the newest first" });

/** The data of each server-sent event of an execution, by the event's name. */
export const EXECUTION_EVENTS = {
  started: z.strictObject({ id: z.string(), runtime: z.string() }),
  stdout: z.strictObject({ text: z.string() }),
  stderr: z.strictObject({ text: z.string() }),
  display: z.strictObject({ data: mimeBundleSchema }),
  dropped: z.strictObject({ stdout: countSchema, stderr: countSchema, displays: countSchema }),
  completed: executionSchema,
  error: problemSchema,
};

import type { ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { z } from "zod";
import { executionSchema } from "../../../core/answers/execution.ts";
import {
  acceptedExecutionSchema,
  executionPageSchema,
  executionReportSchema,
} from "../../../core/answers/execution_report.ts";
import type { ErrorCode } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { executionRequestSchema } from "../../../core/requests/execution_request.ts";
import { eventsQuery } from "../../http/last_event_id.ts";
import { inputSchema, listQuery, reportQuery } from "../../routes/executions.ts";
import { eventStream } from "../event_stream.ts";
import { ACCEPTED, EXECUTION, EXECUTION_PAGE } from "../examples.ts";
import { answer, describeOperation, jsonAnswer, jsonBody } from "../operation.ts";
import { executionPath, followHeaders, submitHeaders } from "../parameters.ts";

/** The body of a request with a program, as a component. */
export const executionRequest = executionRequestSchema.meta({
  id: "ExecutionRequest",
  description: "A program, and what it may use",
});

/** Problems of every submit of a program, beside those of its body. */
export const SUBMIT_PROBLEMS: readonly ErrorCode[] = [
  "not_found",
  "conflict",
  "unsupported_language",
  "no_suitable_runtime",
  "runtime_unavailable",
];

const preferenceApplied = z.string().optional().meta({
  description: "The preferences of the request that hold (RFC 7240)",
  header: { id: "Preference-Applied" },
});

/** The answers of every submit of a program. */
export function submitAnswers(example: Execution): ZodOpenApiResponsesObject {
  return {
    200: answer("The program has ended, whatever its outcome; or a stream of its events", {
      headers: { "Preference-Applied": preferenceApplied },
      content: {
        "application/json": { schema: executionSchema, example },
        "text/event-stream": eventStream,
      },
    }),
    202: jsonAnswer("The program goes on; with `Prefer: respond-async`", {
      schema: acceptedExecutionSchema,
      example: ACCEPTED,
      headers: {
        "Location": z.string().meta({ description: "The path of the execution" }),
        "Preference-Applied": preferenceApplied,
      },
    }),
  };
}

/** The paths of executions. */
export const executionPaths: ZodOpenApiPathsObject = {
  "/v1/executions": {
    post: describeOperation({
      id: "createExecution",
      tag: "Executions",
      summary: "Run a program",
      description:
        "A client that goes away cancels its program, unless it asked for 202. With `Accept: text/event-stream` the answer is a stream of events.",
      scope: "execute",
      headers: submitHeaders,
      body: jsonBody(
        executionRequest,
        {
          code: { summary: "Code alone", value: { language: "python", code: "print(40 + 2)" } },
          files: {
            summary: "Files, limits, and a file of the answer",
            value: {
              language: "python",
              code: 'open("out.txt", "w").write(open("data.csv").read().upper())',
              files: [{ path: "data.csv", content: "a,b" }],
              timeoutMs: 5_000,
              limits: { memoryMb: 128 },
              outputs: ["out.txt"],
            },
          },
          permissions: {
            summary: "Permissions, and an isolation floor",
            value: {
              language: "typescript",
              code: 'console.log((await fetch("https://example.com")).status)',
              permissions: { allowNet: ["example.com:443"] },
              preference: "security",
              minIsolation: 8,
              explain: true,
            },
          },
        },
      ),
      answers: submitAnswers(EXECUTION),
      problems: SUBMIT_PROBLEMS,
    }),
    get: describeOperation({
      id: "listExecutions",
      tag: "Executions",
      summary: "List executions, the newest first",
      scope: "execute",
      query: listQuery,
      answers: { 200: jsonAnswer("One page of executions", { schema: executionPageSchema, example: EXECUTION_PAGE }) },
    }),
  },
  "/v1/executions/{id}": {
    get: describeOperation({
      id: "getExecution",
      tag: "Executions",
      summary: "Show an execution",
      description: "Also while it is queued or runs; with `waitMs`, at its end or after that time.",
      path: executionPath,
      query: reportQuery,
      answers: {
        200: jsonAnswer("The state of the execution until its end, then its result", {
          schema: executionReportSchema,
          example: EXECUTION,
        }),
      },
      problems: ["not_found"],
    }),
    delete: describeOperation({
      id: "cancelExecution",
      tag: "Executions",
      summary: "Cancel an execution",
      description: "Answers at once, also where the execution has ended.",
      path: executionPath,
      answers: { 204: answer("The program is asked to end as cancelled") },
      problems: ["not_found"],
    }),
  },
  "/v1/executions/{id}/events": {
    get: describeOperation({
      id: "followExecution",
      tag: "Executions",
      summary: "Follow an execution",
      description:
        "A stream of its events from the beginning, or after the last that the client has. Leaving it cancels nothing.",
      path: executionPath,
      query: eventsQuery,
      headers: followHeaders,
      answers: {
        200: answer("A stream of events", { content: { "text/event-stream": eventStream } }),
        204: answer("The client has the last event"),
      },
      problems: ["not_found"],
    }),
  },
  "/v1/executions/{id}/stdin": {
    post: describeOperation({
      id: "feedExecution",
      tag: "Executions",
      summary: "Feed the stdin of an execution",
      description: "Answers when the program has read the text.",
      path: executionPath,
      body: jsonBody(
        inputSchema.meta({ id: "ProgramInput", description: "Input for a program; text, close or both" }),
        {
          line: { summary: "A line", value: { text: "yes\n" } },
          end: { summary: "The end of the input", value: { close: true } },
        },
      ),
      answers: { 204: answer("The program has the input") },
      problems: ["not_found", "conflict"],
    }),
  },
};

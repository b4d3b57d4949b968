import type { ZodOpenApiPathsObject } from "zod-openapi";
import { z } from "zod";
import {
  contextListSchema,
  contextSchema as openContextSchema,
  interruptionSchema,
} from "../../../core/answers/session.ts";
import { cellSchema, contextSchema } from "../../../core/requests/cell_request.ts";
import { CELL_EXECUTION, CONTEXT } from "../examples.ts";
import { answer, describeOperation, jsonAnswer, jsonBody } from "../operation.ts";
import { contextPath, sessionPath, submitHeaders } from "../parameters.ts";
import { SUBMIT_PROBLEMS, submitAnswers } from "./executions.ts";

const tag = "Contexts";
const scope = "sessions";

/** The paths of contexts. */
export const contextPaths: ZodOpenApiPathsObject = {
  "/v1/sessions/{id}/contexts": {
    post: describeOperation({
      id: "createContext",
      tag,
      scope,
      summary: "Open a context",
      path: sessionPath,
      body: jsonBody(contextSchema.meta({ id: "ContextRequest", description: "An interpreter to start" }), {
        language: { summary: "A language", value: { language: "python" } },
      }, {
        required: false,
      }),
      answers: {
        201: jsonAnswer("The context can evaluate", {
          schema: openContextSchema,
          example: CONTEXT,
          headers: { "Location": z.string().meta({ description: "The path of the context" }) },
        }),
      },
      problems: ["not_found", "conflict", "unsupported_language", "no_suitable_runtime", "runtime_unavailable"],
    }),
    get: describeOperation({
      id: "listContexts",
      tag,
      scope,
      summary: "List contexts, the oldest first",
      path: sessionPath,
      answers: {
        200: jsonAnswer("The contexts that are not lost", {
          schema: contextListSchema,
          example: { contexts: [CONTEXT] },
        }),
      },
      problems: ["not_found", "conflict"],
    }),
  },
  "/v1/sessions/{id}/contexts/{cid}": {
    delete: describeOperation({
      id: "closeContext",
      tag,
      scope,
      summary: "Close a context",
      description: "Ends it and its running cell.",
      path: contextPath,
      answers: { 204: answer("The context is closed") },
      problems: ["not_found", "conflict"],
    }),
  },
  "/v1/sessions/{id}/contexts/{cid}/executions": {
    post: describeOperation({
      id: "evaluateCell",
      tag,
      scope,
      summary: "Evaluate a cell",
      description:
        "Variables live on from cell to cell. The answer adds the value of the last expression and displays.",
      path: contextPath,
      headers: submitHeaders,
      body: jsonBody(cellSchema.meta({ id: "Cell", description: "Code that a context evaluates" }), {
        cell: { summary: "A cell", value: { code: "x = 40\nx + 2" } },
      }),
      answers: submitAnswers(CELL_EXECUTION),
      problems: SUBMIT_PROBLEMS,
    }),
  },
  "/v1/sessions/{id}/contexts/{cid}/interrupt": {
    post: describeOperation({
      id: "interruptCell",
      tag,
      scope,
      summary: "Interrupt the running cell",
      path: contextPath,
      answers: {
        200: jsonAnswer("Whether a cell ran", { schema: interruptionSchema, example: { interrupted: true } }),
      },
      problems: ["not_found", "conflict"],
    }),
  },
};

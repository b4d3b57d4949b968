import type { ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { z } from "zod";
import { livenessSchema, readinessSchema, serviceIndexSchema } from "../../../core/answers/service.ts";
import { VERSION } from "../../../core/version.ts";
import { activitySchema } from "../../../core/answers/activity.ts";
import { ACTIVITY, INDEX, READINESS, UNREADINESS } from "../examples.ts";
import { answer, describeOperation, jsonAnswer } from "../operation.ts";

const tag = "Service";

/** The answers of a path for the files of a page. */
const FILE_ANSWERS: ZodOpenApiResponsesObject = {
  200: answer("The file", {
    content: { "text/css": { schema: { type: "string" } }, "text/javascript": { schema: { type: "string" } } },
  }),
  304: answer("The client has this version of the file"),
};

/** The paths of the service itself. */
export const servicePaths: ZodOpenApiPathsObject = {
  "/": {
    get: describeOperation({
      id: "getIndex",
      tag,
      isOpen: true,
      summary: "Show the version and the first paths",
      description: "A client that prefers `text/html` gets the console instead, a page for people.",
      answers: {
        200: answer("The index, or the console", {
          content: {
            "application/json": { schema: serviceIndexSchema, example: INDEX },
            "text/html": { schema: { type: "string" } },
          },
        }),
      },
    }),
  },
  "/health/live": {
    get: describeOperation({
      id: "getLiveness",
      tag,
      isOpen: true,
      summary: "Ask whether the service lives",
      answers: {
        200: jsonAnswer("It lives", { schema: livenessSchema, example: { status: "live", version: VERSION } }),
      },
    }),
  },
  "/health/ready": {
    get: describeOperation({
      id: "getReadiness",
      tag,
      isOpen: true,
      summary: "Ask whether the service can run programs",
      answers: {
        200: jsonAnswer("It accepts requests, and a runtime is available", {
          schema: readinessSchema,
          example: READINESS,
        }),
        503: jsonAnswer("It does not, or none is", { schema: readinessSchema, example: UNREADINESS }),
      },
    }),
  },
  "/v1/activity": {
    get: describeOperation({
      id: "getActivity",
      tag,
      summary: "Read what runs, and the latest latencies",
      description: "The figures of all tenants, `service` and `runtimes`, are for keys with the scope `admin` alone.",
      answers: { 200: jsonAnswer("The activity", { schema: activitySchema, example: ACTIVITY }) },
    }),
  },
  "/metrics": {
    get: describeOperation({
      id: "getMetrics",
      tag,
      scope: "admin",
      summary: "Read the metrics",
      answers: {
        200: answer("The metrics in Prometheus's text format", {
          content: { "text/plain": { schema: { type: "string" }, example: "codebeaker_queue_length 2\n" } },
        }),
      },
    }),
  },
  "/openapi.json": {
    get: describeOperation({
      id: "getOpenApi",
      tag,
      isOpen: true,
      summary: "Read this document",
      answers: {
        200: answer("The document, OpenAPI 3.1", { content: { "application/json": { schema: { type: "object" } } } }),
        304: answer("The client has this version of the document"),
      },
    }),
  },
  "/docs": {
    get: describeOperation({
      id: "getDocs",
      tag,
      isOpen: true,
      summary: "Show this document as a page",
      answers: {
        200: answer("The page", { content: { "text/html": { schema: { type: "string" } } } }),
        304: answer("The client has this version of the page"),
      },
    }),
  },
  "/docs/{file}": {
    get: describeOperation({
      id: "getDocsFile",
      tag,
      isOpen: true,
      summary: "Read a file of the page",
      path: z.strictObject({ file: z.string().meta({ description: "The name of the file", example: "page.js" }) }),
      answers: FILE_ANSWERS,
      problems: ["not_found"],
    }),
  },
  "/console/{file}": {
    get: describeOperation({
      id: "getConsoleFile",
      tag,
      isOpen: true,
      summary: "Read a file of the console",
      path: z.strictObject({ file: z.string().meta({ description: "The name of the file", example: "main.js" }) }),
      answers: FILE_ANSWERS,
      problems: ["not_found"],
    }),
  },
};

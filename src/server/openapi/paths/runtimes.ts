import type { ZodOpenApiPathsObject } from "zod-openapi";
import { serviceDiagnosisSchema } from "../../../core/answers/diagnosis.ts";
import { languageListSchema, runtimeListSchema } from "../../../core/answers/runtime.ts";
import { selectionSchema } from "../../../core/answers/selection.ts";
import { DIAGNOSIS, LANGUAGES, RUNTIMES, SELECTION } from "../examples.ts";
import { describeOperation, jsonAnswer, jsonBody } from "../operation.ts";
import { executionRequest } from "./executions.ts";

const tag = "Runtimes";

/** The paths of runtimes, languages and the selector. */
export const runtimePaths: ZodOpenApiPathsObject = {
  "/v1/runtimes": {
    get: describeOperation({
      id: "listRuntimes",
      tag,
      summary: "List runtimes",
      description: "What each declares, what was measured, and what isolation it has on this machine.",
      answers: { 200: jsonAnswer("Every runtime", { schema: runtimeListSchema, example: RUNTIMES }) },
    }),
  },
  "/v1/runtimes/select": {
    post: describeOperation({
      id: "selectRuntime",
      tag,
      scope: "execute",
      summary: "Select a runtime",
      description:
        "As a program with these fields would get one. Nothing runs. Without `code` and `files`, the request has no other field of a program either, and runtimes with a part of the language are ruled out.",
      body: jsonBody(
        executionRequest,
        {
          floor: { summary: "With an isolation floor", value: { language: "python", minIsolation: 8 } },
        },
      ),
      answers: {
        200: jsonAnswer("The choice; `chosen` is null where nothing is suitable", {
          schema: selectionSchema,
          example: SELECTION,
        }),
      },
    }),
  },
  "/v1/languages": {
    get: describeOperation({
      id: "listLanguages",
      tag,
      summary: "List languages",
      answers: { 200: jsonAnswer("Every language", { schema: languageListSchema, example: LANGUAGES }) },
    }),
  },
  "/v1/diagnostics": {
    get: describeOperation({
      id: "diagnose",
      tag,
      scope: "admin",
      summary: "Diagnose the isolation of programs",
      description: "The layers and canaries of every runtime, and how to raise the isolation. It waits for self-tests.",
      answers: { 200: jsonAnswer("The diagnosis", { schema: serviceDiagnosisSchema, example: DIAGNOSIS }) },
    }),
  },
};

import type { ZodOpenApiPathsObject } from "zod-openapi";
import { z } from "zod";
import {
  legacyLanguageListSchema,
  legacyLanguageSchema,
  legacyStatusSchema,
  legacySubmitSchema,
} from "../../../core/answers/legacy.ts";
import { executionRequestSchema } from "../../../core/requests/execution_request.ts";
import { EXECUTION, LEGACY_LANGUAGE, LEGACY_MISSING, LEGACY_STATUS } from "../examples.ts";
import { describeOperation, jsonAnswer, jsonBody } from "../operation.ts";
import { executionPath } from "../parameters.ts";
import { SUBMIT_PROBLEMS } from "./executions.ts";

const tag = "Original";

const submitBody = z.looseObject({
  ...executionRequestSchema.shape,
  wait: z.boolean().default(false).describe("Whether the answer waits for the end"),
  config: z.record(z.string(), z.unknown()).optional().describe("The original's name for some of these fields"),
}).meta({
  id: "LegacyRequest",
  description: "A program. Fields also have their names in the original, in any case; an unknown one gets a warning",
});

/** The paths of the original's HTTP interface. */
export const legacyPaths: ZodOpenApiPathsObject = {
  "/api/execution": {
    post: describeOperation({
      id: "legacySubmit",
      tag,
      scope: "execute",
      summary: "Run a program, as execution.run of JSON-RPC",
      body: jsonBody(submitBody, {
        code: { summary: "Code alone", value: { language: "python", code: "print(40 + 2)" } },
        wait: { summary: "Wait for the end", value: { language: "python", code: "print(40 + 2)", wait: true } },
      }),
      answers: {
        200: jsonAnswer("The program is accepted or, with wait, has ended", {
          schema: legacySubmitSchema,
          example: { executionId: EXECUTION.id, status: "queued" },
        }),
      },
      problems: SUBMIT_PROBLEMS,
    }),
  },
  "/api/execution/{id}": {
    get: describeOperation({
      id: "legacyStatus",
      tag,
      summary: "Show an execution, as execution.status of JSON-RPC",
      path: executionPath,
      answers: {
        200: jsonAnswer("The state of the execution", { schema: legacyStatusSchema, example: LEGACY_STATUS }),
        404: jsonAnswer("There is no such execution", {
          schema: legacyStatusSchema,
          example: LEGACY_MISSING,
        }),
      },
    }),
  },
  "/api/language": {
    get: describeOperation({
      id: "legacyLanguages",
      tag,
      summary: "List the languages that can run now",
      answers: {
        200: jsonAnswer("The languages", {
          schema: legacyLanguageListSchema,
          example: { languages: [LEGACY_LANGUAGE] },
        }),
      },
    }),
  },
  "/api/language/{name}": {
    get: describeOperation({
      id: "legacyLanguage",
      tag,
      summary: "Show a language that can run now",
      path: z.strictObject({ name: z.string().meta({ description: "A language or an alias", example: "python" }) }),
      answers: { 200: jsonAnswer("The language", { schema: legacyLanguageSchema, example: LEGACY_LANGUAGE }) },
      problems: ["not_found"],
    }),
  },
};

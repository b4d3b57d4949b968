import type { ZodOpenApiPathsObject } from "zod-openapi";
import { z } from "zod";
import { executionSchema } from "../../../core/answers/execution.ts";
import { commandAnswerSchema } from "../../../core/answers/commands.ts";
import { sessionPageSchema, sessionSchema } from "../../../core/answers/session.ts";
import {
  sessionChangesSchema,
  sessionExecutionSchema,
  sessionRequestSchema,
} from "../../../core/requests/session_request.ts";
import { listQuery } from "../../routes/sessions.ts";
import { commandSchema } from "../command_bodies.ts";
import { eventStream } from "../event_stream.ts";
import { COMMAND_ANSWER, EXECUTION, SESSION } from "../examples.ts";
import { answer, describeOperation, jsonAnswer, jsonBody } from "../operation.ts";
import { sessionPath, submitHeaders } from "../parameters.ts";
import { SUBMIT_PROBLEMS, submitAnswers } from "./executions.ts";

const tag = "Sessions";
const scope = "sessions";

/** The paths of sessions, and of programs and commands in them. */
export const sessionPaths: ZodOpenApiPathsObject = {
  "/v1/sessions": {
    post: describeOperation({
      id: "createSession",
      tag,
      scope,
      summary: "Open a session",
      body: jsonBody(
        sessionRequestSchema.meta({ id: "SessionRequest", description: "A session, and what its programs may use" }),
        {
          language: { summary: "A language alone", value: { language: "python" } },
          life: {
            summary: "A shorter life, variables and data of the owner",
            value: { language: "python", idleTimeoutMs: 600_000, env: { STAGE: "test" }, metadata: { ticket: 7 } },
          },
        },
      ),
      answers: {
        201: jsonAnswer("The session is open", {
          schema: sessionSchema,
          example: SESSION,
          headers: { "Location": z.string().meta({ description: "The path of the session" }) },
        }),
      },
      problems: ["unsupported_language", "no_suitable_runtime", "runtime_unavailable"],
    }),
    get: describeOperation({
      id: "listSessions",
      tag,
      scope,
      summary: "List sessions, the newest first",
      query: listQuery,
      answers: {
        200: jsonAnswer("One page of sessions", { schema: sessionPageSchema, example: { sessions: [SESSION] } }),
      },
    }),
  },
  "/v1/sessions/{id}": {
    get: describeOperation({
      id: "getSession",
      tag,
      scope,
      summary: "Show a session",
      description: "Also one that is closed, which says why.",
      path: sessionPath,
      answers: { 200: jsonAnswer("The session", { schema: sessionSchema, example: SESSION }) },
      problems: ["not_found"],
    }),
    patch: describeOperation({
      id: "changeSession",
      tag,
      scope,
      summary: "Change the life or the metadata of a session",
      path: sessionPath,
      body: jsonBody(
        sessionChangesSchema.meta({ id: "SessionChanges", description: "Absent fields stay as they are" }),
        {
          life: { summary: "A longer life", value: { idleTimeoutMs: 3_600_000 } },
        },
      ),
      answers: { 200: jsonAnswer("The session", { schema: sessionSchema, example: SESSION }) },
      problems: ["not_found", "conflict"],
    }),
    delete: describeOperation({
      id: "closeSession",
      tag,
      scope,
      summary: "Close a session",
      description: "Ends its programs and removes its workspace; answers when that is done.",
      path: sessionPath,
      answers: { 204: answer("The session is closed") },
      problems: ["not_found", "conflict"],
    }),
  },
  "/v1/sessions/{id}/executions": {
    post: describeOperation({
      id: "createSessionExecution",
      tag,
      scope,
      summary: "Run a program in a session",
      description: "Programs of a session run one after another, and its files stay between them.",
      path: sessionPath,
      headers: submitHeaders,
      body: jsonBody(
        sessionExecutionSchema.meta({ id: "SessionExecutionRequest", description: "A program for a session" }),
        {
          code: { summary: "Code alone", value: { code: "print(40 + 2)" } },
          file: { summary: "A file that is there already", value: { entrypoint: "main.py", args: ["--verbose"] } },
        },
      ),
      answers: submitAnswers(EXECUTION),
      problems: SUBMIT_PROBLEMS,
    }),
  },
  "/v1/sessions/{id}/commands": {
    post: describeOperation({
      id: "runCommand",
      tag,
      scope,
      summary: "Run a command in a session",
      description:
        "A command that is not allowed or cannot do its work is answered with `success: false` and its problem; a status other than 200 says that the session or the service cannot take commands. A command that runs a program can be streamed, repeated under a key, and left to run as a program of the session can; then its answer is that of an execution. Other commands refuse an `Idempotency-Key`, and have no use for a `Prefer`.",
      path: sessionPath,
      headers: submitHeaders,
      body: jsonBody(commandSchema, {
        shell: { summary: "A line for a shell", value: { type: "execute_shell", command: "ls -l | head" } },
        write: { summary: "Write a file", value: { type: "write_file", path: "data.csv", content: "a,b\n1,2\n" } },
        list: { summary: "List files", value: { type: "list_directory", pattern: "*.csv" } },
      }),
      answers: {
        ...submitAnswers(EXECUTION),
        200: answer("The command was run, or why not; or a stream of the events of its program", {
          content: {
            "application/json": { schema: z.union([commandAnswerSchema, executionSchema]), example: COMMAND_ANSWER },
            "text/event-stream": eventStream,
          },
        }),
      },
      problems: SUBMIT_PROBLEMS,
    }),
  },
};

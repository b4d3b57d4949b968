import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../../core/requests/execution_request.ts";

/** Requests for another profile than this must fail: the service keeps no machine between executions. */
const PROFILE = "default";

/** The wire form of a request. Hints for servers that keep state have no effect, as with any that keeps none. */
const requestSchema = z.looseObject({
  lang: z.string().min(1),
  code: z.string(),
  args: z.array(z.string()).default([]),
  files: z.array(z.unknown()).default([]),
});

/**
 * Parses a request.
 *
 * @param profile the execution profile that the client expects; undefined for any
 * @throws {CodeBeakerError} `invalid_request`, also for stored files; other errors of {@link parseExecutionRequest}
 */
export function parseLibreChatRequest(body: unknown, profile: string | undefined): ExecutionRequest {
  const { args, code, files, lang } = parseAs(requestSchema, body, { what: "the request" });
  if (files.length > 0) throw invalidField("files", "This service stores no files between executions: send none");
  if (profile !== undefined && profile !== PROFILE) {
    throw invalidField("X-CodeAPI-Expected-Profile", `This service has the profile "${PROFILE}" alone`);
  }
  return parseExecutionRequest({ language: lang, code, args });
}

import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../../core/requests/execution_request.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { z } from "zod";

/** Begin of a content in base64. The bytes follow the first comma. */
const DATA_URL = "data:";

/** The wire form of a request; unknown fields have no effect, as in codapi. */
const requestSchema = z.looseObject({
  sandbox: z.string().min(1),
  version: z.string().default(""),
  command: z.string().default(""),
  files: z.record(z.string(), z.string()).default({}),
});

/** A request of codapi's, as the engine runs it. */
export interface CodapiRequest {
  readonly request: ExecutionRequest;
  readonly sandbox: string;
  readonly version: string;
  readonly command: string;
}

/**
 * Parses a request. The file without a name is the program.
 *
 * @throws {CodeBeakerError} `not_found` for another command than `run`; `invalid_request` for an empty request; other
 *   errors of {@link parseExecutionRequest}
 */
export function parseCodapiRequest(body: unknown): CodapiRequest {
  const { command, files, sandbox, version } = parseAs(requestSchema, body, { what: "the request" });
  if (command !== "run") throw new CodeBeakerError("not_found", "unknown command: a sandbox has the command run alone");
  const { "": program, ...others } = files;
  const contents = Object.values(files);
  if (contents.length < 2 && (contents[0] ?? "").trim() === "") {
    throw new CodeBeakerError("invalid_request", "empty request");
  }
  const main = program === undefined ? undefined : decode(program);
  const request = parseExecutionRequest({
    language: sandbox,
    ...(main === undefined ? {} : { code: main.content, encoding: main.encoding }),
    files: Object.entries(others).map(([path, content]) => ({ path, ...decode(content) })),
  });
  return { request, sandbox, version, command };
}

/** Decodes the content of a file as codapi does. A data URL is base64, whatever its type says. */
function decode(content: string): { readonly content: string; readonly encoding: "utf8" | "base64" } {
  if (!content.startsWith(DATA_URL)) return { content, encoding: "utf8" };
  const comma = content.indexOf(",");
  if (comma < 0) throw invalidField("files", "A content that begins with data: must be a data URL in base64");
  return { content: content.slice(comma + 1), encoding: "base64" };
}

import { CodeBeakerError } from "../../../core/errors.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../../core/requests/execution_request.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { z } from "zod";

/** A file's content as a data URL, which is how codapi's client sends bytes. */
const DATA_URL = /^data:([^,]*),([^]*)$/;

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
  const main = program === undefined ? {} : decode(program);
  const request = parseExecutionRequest({
    language: sandbox,
    ...(program === undefined ? {} : { code: main.content, encoding: main.encoding }),
    files: Object.entries(others).map(([path, content]) => ({ path, ...decode(content) })),
  });
  return { request, sandbox, version, command };
}

/** Decodes the content of a file as codapi does: text, or a data URL. */
function decode(content: string): { readonly content?: string; readonly encoding?: "utf8" | "base64" } {
  const [, meta = "", data] = DATA_URL.exec(content) ?? [];
  if (data === undefined) return { content, encoding: "utf8" };
  return { content: data, encoding: meta.endsWith("base64") ? "base64" : "utf8" };
}

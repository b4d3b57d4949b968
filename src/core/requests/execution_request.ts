import { type CodeBeakerError, invalidField } from "../errors.ts";
import { isKnownLanguage, mainFileOf } from "../languages.ts";
import { parseAs, strictObject } from "../parsing/validation.ts";
import { encodeContent } from "./content.ts";
import { programFields, type ProgramRequest, toProgramRequest } from "./program_request.ts";
import { checkPaths, type RequestFile } from "./request_files.ts";
import { selectionFields, type SelectionRequest, toSelectionRequest } from "./selection_request.ts";

/** Most files that an error lists. */
const MAX_SHOWN_FILES = 10;

/** A checked one-shot request. {@link placeFiles} names the main file. */
export interface ExecutionRequest extends SelectionRequest, ProgramRequest {
  /** Longest time of its compiler in ms, where that is less than the compiler's own. It is not on the wire. */
  readonly compileMs?: number | undefined;
}

/** The wire form of `POST /v1/executions`. */
export const executionRequestSchema = strictObject({ ...selectionFields, ...programFields });

/**
 * Parses a one-shot request.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that
 *   leaves the workspace
 */
export function parseExecutionRequest(value: unknown): ExecutionRequest {
  const wire = parseAs(executionRequestSchema, value, { what: "the execution request" });
  if (wire.code === undefined && wire.files.length === 0) {
    throw invalidField("code", "A request brings code, files or both");
  }
  const request: ExecutionRequest = { ...toSelectionRequest(wire), ...toProgramRequest(wire) };
  // Another language's runtime alone knows the name of the main file, and places the files again.
  if (isKnownLanguage(request.language)) placeFiles(request, mainFileOf(request.language));
  else checkPaths(request.files, []);
  return request;
}

/**
 * Adds the code to a request's files, and finds the file to run.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function placeFiles(
  request: ExecutionRequest,
  mainFile: string,
): { readonly files: readonly RequestFile[]; readonly entrypoint: string } {
  const code = request.code === undefined ? [] : [{ path: mainFile, bytes: request.code }];
  checkPaths(request.files, code.map(({ path }) => path));
  const files = [...code, ...request.files];
  const entrypoint = request.entrypoint ?? entryOf(files, mainFile);
  if (!files.some(({ path }) => path === entrypoint)) throw missingEntry(request.entrypoint, { entrypoint, files });
  return { files, entrypoint };
}

/** The file to run where a request names none. It is the only file, else the main file. */
export function entryOf(files: readonly RequestFile[], mainFile: string): string {
  const [first, ...others] = files;
  return first !== undefined && others.length === 0 ? first.path : mainFile;
}

/** The error for a program whose main file is not there. */
export function missingEntry(
  named: string | undefined,
  { entrypoint, files }: { readonly entrypoint: string; readonly files: readonly Pick<RequestFile, "path">[] },
): CodeBeakerError {
  const what = named === undefined ? "Name the main file in entrypoint" : "The entrypoint must be one of the files";
  const shown = files.slice(0, MAX_SHOWN_FILES).map(({ path }) => path).join(", ");
  const more = files.length > MAX_SHOWN_FILES ? ` and ${files.length - MAX_SHOWN_FILES} more` : "";
  const among = files.length === 0 ? "is not in the workspace" : `is not among ${shown}${more}`;
  return invalidField("entrypoint", `${what}: ${entrypoint} ${among}`);
}

/** The source of a program, decoded only when it is read. Code that is no text stays base64. */
export function sourceOf({ code, stdin, env }: Pick<ExecutionRequest, "code" | "stdin" | "env">) {
  return {
    get code() {
      return code === undefined ? "" : encodeContent(code).content;
    },
    stdin: stdin ?? "",
    env,
  };
}

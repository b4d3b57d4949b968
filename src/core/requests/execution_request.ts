import { z } from "zod";
import { invalidField } from "../errors.ts";
import { isKnownLanguage, mainFileOf } from "../languages.ts";
import { parseAs, strictObject } from "../parsing/validation.ts";
import { environmentSchema } from "../permissions/environment_variables.ts";
import { parseWorkspacePath } from "../workspace_path.ts";
import { argumentsSchema, codeEncodingSchema, decodeCode, encodeContent, explainSchema } from "./content.ts";
import { outputsSchema, parseOutputs } from "./outputs.ts";
import { checkPaths, filesSchema, parseFiles, type RequestFile } from "./request_files.ts";
import { selectionFields, type SelectionRequest, toSelectionRequest } from "./selection_request.ts";

/** A checked one-shot request. */
export interface ExecutionRequest extends SelectionRequest {
  /** The content of the main file, which {@link placeFiles} names. */
  readonly code?: Uint8Array<ArrayBuffer>;
  readonly files: readonly RequestFile[];
  /** The file to run. Default: the main file. */
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Globs of the workspace's files to return with the answer. */
  readonly outputs: readonly string[];
  /** Whether the answer explains the choice of the runtime. */
  readonly explain: boolean;
}

/** The wire form of `POST /v1/executions`. */
export const executionRequestSchema = strictObject({
  ...selectionFields,
  code: z.string().optional(),
  encoding: codeEncodingSchema,
  files: filesSchema,
  entrypoint: z.string().min(1).optional(),
  args: argumentsSchema,
  stdin: z.string().optional(),
  env: environmentSchema.default({}),
  outputs: outputsSchema,
  explain: explainSchema,
});

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
  const code = decodeCode(wire);
  const selection = toSelectionRequest(wire);
  const files = parseFiles(wire.files);
  const request: ExecutionRequest = {
    ...selection,
    ...(code === undefined ? {} : { code }),
    files,
    ...(wire.entrypoint === undefined ? {} : { entrypoint: parseWorkspacePath(wire.entrypoint, "entrypoint") }),
    args: wire.args,
    ...(wire.stdin === undefined ? {} : { stdin: wire.stdin }),
    env: wire.env,
    outputs: parseOutputs(wire.outputs),
    explain: wire.explain,
  };
  // Another language's runtime alone knows the name of the main file, and places the files again.
  if (isKnownLanguage(selection.language)) placeFiles(request, mainFileOf(selection.language));
  else checkPaths(files, []);
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
  const entrypoint = request.entrypoint ?? mainFile;
  if (!files.some(({ path }) => path === entrypoint)) {
    throw invalidField("entrypoint", `The entry point ${JSON.stringify(entrypoint)} is none of the files`);
  }
  return { files, entrypoint };
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

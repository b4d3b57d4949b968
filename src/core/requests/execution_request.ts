import { z } from "zod";
import { MAX_ISOLATION } from "../capabilities.ts";
import { argumentsSchema, checkCodeSize, decodeContent, encodingSchema } from "./content.ts";
import { environmentSchema } from "../permissions/environment_variables.ts";
import { CodeBeakerError, invalidField } from "../errors.ts";
import { canonicalLanguage, isKnownLanguage, mainFileOf } from "../languages.ts";
import { limitsSchema, type RequestedLimits, timeoutSchema } from "../limits.ts";
import { NO_PERMISSIONS, type PermissionSettings, permissionsSchema } from "../permissions/permissions.ts";
import { type Preference, PREFERENCES } from "../selection.ts";
import { oneOf, parseAs, strictObject } from "../parsing/validation.ts";
import { directoriesAbove, isTooDeep, MAX_DEPTH, parseWorkspacePath } from "../workspace_path.ts";

/** All of them are made before the program begins. */
const MAX_DIRECTORIES = 10_000;

/** What a selection depends on. */
export interface SelectionRequest {
  readonly language: string;
  readonly preference: Preference;
  readonly minIsolation?: number;
  readonly runtime?: string;
  readonly permissions: PermissionSettings;
  readonly limits: RequestedLimits;
}

/** A file of a request, its path normal and relative to the workspace. */
export interface RequestFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A one-shot request, checked. */
export interface ExecutionRequest extends SelectionRequest {
  /** What {@link placeFiles} gives the name of the language's main file. */
  readonly code?: Uint8Array<ArrayBuffer>;
  /** The files it brings. */
  readonly files: readonly RequestFile[];
  /** The one of them to run; absent, it is the main file. */
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What every request that selects a runtime may name. */
export const selectionFields = {
  language: z.string().min(1).max(64).optional().describe("What the code is written for"),
  environment: z.string().min(1).max(64).optional().describe("An alias of language"),
  preference: oneOf(PREFERENCES).default("balanced"),
  runtime: z.string().min(1).max(64).optional().describe("Force one runtime; it still has to pass the filters"),
  minIsolation: z.int().min(0).max(MAX_ISOLATION).optional().describe(
    "A floor; the server's own is never lowered by it",
  ),
  permissions: permissionsSchema.optional(),
  timeoutMs: timeoutSchema,
  limits: limitsSchema.optional(),
};

/** The wire form of `files`. */
export const filesSchema = z.array(strictObject({
  path: z.string().min(1),
  content: z.string(),
  encoding: encodingSchema,
})).max(1_000).default([]);

/** The wire form of `POST /v1/runtimes/select`. */
export const selectRequestSchema = strictObject(selectionFields);

/** The wire form of `POST /v1/executions`. */
export const executionRequestSchema = strictObject({
  ...selectionFields,
  code: z.string().optional(),
  files: filesSchema,
  entrypoint: z.string().min(1).optional(),
  args: argumentsSchema,
  stdin: z.string().optional(),
  env: environmentSchema.default({}),
});

/** A selection request from outside. @throws {CodeBeakerError} `invalid_request` */
export function parseSelectionRequest(value: unknown): SelectionRequest {
  return toSelectionRequest(parseAs(selectRequestSchema, value, { what: "the selection request" }));
}

/**
 * A one-shot request from outside.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that
 *   leaves the workspace
 */
export function parseExecutionRequest(value: unknown): ExecutionRequest {
  const wire = parseAs(executionRequestSchema, value, { what: "the execution request" });
  if (wire.code !== undefined) checkCodeSize(wire.code);
  if (wire.code === undefined && wire.files.length === 0) {
    throw invalidField("code", "A request brings code, files or both");
  }
  const selection = toSelectionRequest(wire);
  const files = parseFiles(wire.files);
  const request: ExecutionRequest = {
    ...selection,
    ...(wire.code === undefined ? {} : { code: new TextEncoder().encode(wire.code) }),
    files,
    ...(wire.entrypoint === undefined ? {} : { entrypoint: parseWorkspacePath(wire.entrypoint, "entrypoint") }),
    args: wire.args,
    ...(wire.stdin === undefined ? {} : { stdin: wire.stdin }),
    env: wire.env,
  };
  // What the main file of any other language is called its runtime knows, which places the files again.
  if (isKnownLanguage(selection.language)) placeFiles(request, mainFileOf(selection.language));
  else checkPaths(files, []);
  return request;
}

/**
 * The files of a request.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace; `too_large` for one that lies too
 *   deep; `invalid_request`
 */
export function parseFiles(files: z.output<typeof filesSchema>): RequestFile[] {
  return files.map((file, index) => ({
    path: parseFilePath(file.path, `files[${index}].path`),
    bytes: decodeContent(file, `files[${index}].content`),
  }));
}

/** The directories on the way to a file of a request are made, which takes the longer the deeper it lies. */
function parseFilePath(given: string, field: string): string {
  const path = parseWorkspacePath(given, field);
  if (!isTooDeep(path)) return path;
  const message = `A file lies at most ${MAX_DEPTH} levels deep`;
  throw new CodeBeakerError("too_large", `Cannot take ${field}: ${message}`, {
    details: { errors: [{ path: field, message }] },
  });
}

/** A request's files with its code among them, and the one to run. @throws {CodeBeakerError} `invalid_request` */
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

/**
 * Every path is there once, and none runs through a file. `taken` are those that are there already.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function checkPaths(files: readonly RequestFile[], taken: readonly string[]): void {
  const all = new Set([...taken, ...files.map(({ path }) => path)]);
  const seen = new Set(taken);
  const directories = new Set<string>();
  files.forEach(({ path }, index) => {
    const field = `files[${index}].path`;
    if (path === ".") throw invalidField(field, "A file cannot be the workspace itself");
    if (seen.has(path)) throw invalidField(field, `The path ${JSON.stringify(path)} is there twice`);
    for (const directory of directoriesAbove(path)) {
      if (directories.has(directory)) break; // So are those above it.
      if (all.has(directory)) throw invalidField(field, `A part of ${JSON.stringify(path)} is itself a file`);
      directories.add(directory);
    }
    if (directories.size > MAX_DIRECTORIES) {
      throw invalidField(field, `Files lie in at most ${MAX_DIRECTORIES} directories`);
    }
    seen.add(path);
  });
}

/** The part of a request that selects a runtime. @throws {CodeBeakerError} `invalid_request` */
export function toSelectionRequest(wire: z.output<typeof selectRequestSchema>): SelectionRequest {
  const language = wire.language ?? wire.environment;
  if (language === undefined) {
    throw invalidField("language", 'A request names its language ("environment" is an alias)');
  }
  if (wire.language !== undefined && wire.environment !== undefined && wire.language !== wire.environment) {
    throw invalidField("environment", '"environment" is an alias of "language": name one of them');
  }
  return {
    language: canonicalLanguage(language),
    preference: wire.preference,
    ...(wire.minIsolation === undefined ? {} : { minIsolation: wire.minIsolation }),
    ...(wire.runtime === undefined ? {} : { runtime: wire.runtime }),
    permissions: wire.permissions ?? NO_PERMISSIONS,
    limits: { ...wire.limits, timeoutMs: wire.timeoutMs },
  };
}

/** What was asked to run, as text only for whoever looks. */
export function sourceOf({ code, stdin, env }: Pick<ExecutionRequest, "code" | "stdin" | "env">) {
  return {
    get code() {
      return code === undefined ? "" : new TextDecoder().decode(code);
    },
    stdin: stdin ?? "",
    env,
  };
}

import { z } from "zod";
import { MAX_ISOLATION } from "./capabilities.ts";
import { environmentSchema } from "./environment_variables.ts";
import { CodeBeakerError, invalidField } from "./errors.ts";
import { canonicalLanguage } from "./languages.ts";
import { limitsSchema, type RequestedLimits, timeoutSchema } from "./limits.ts";
import { NO_PERMISSIONS, type PermissionSettings, permissionsSchema } from "./permissions.ts";
import { type Preference, PREFERENCES } from "./selection.ts";
import { oneOf, parseAs, strictObject } from "./validation.ts";
import { parseWorkspacePath } from "./workspace_path.ts";

/** The most that `code` may be long, in bytes; larger programs go into `files`. */
export const MAX_CODE_BYTES = 1_048_576;

/** Linux takes 131,072 bytes for one argument, its NUL included (MAX_ARG_STRLEN of execve(2)), and some 2 MB for all. */
const MAX_ARGUMENT_BYTES = 131_000;
const MAX_ARGUMENTS_BYTES = 1_048_576;

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
  readonly code?: string;
  readonly files: readonly RequestFile[];
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
}

const selectionFields = {
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

/** The wire form of `args`. */
export const argumentsSchema = z.array(
  z.string()
    .refine((text) => !text.includes("\0"), "An argument holds no NUL")
    .refine(
      (text) => byteLength(text) <= MAX_ARGUMENT_BYTES,
      `An argument is at most ${MAX_ARGUMENT_BYTES} bytes long`,
    ),
).max(1_000).refine(
  (args) => args.reduce((sum, text) => sum + byteLength(text), 0) <= MAX_ARGUMENTS_BYTES,
  `All arguments together are at most ${MAX_ARGUMENTS_BYTES} bytes long`,
).default([]);

/** The wire form of `POST /v1/runtimes/select`. */
export const selectRequestSchema = strictObject(selectionFields);

/** The wire form of `POST /v1/executions`. */
export const executionRequestSchema = strictObject({
  ...selectionFields,
  code: z.string().optional(),
  files: z.array(strictObject({
    path: z.string().min(1),
    content: z.string(),
    encoding: oneOf(["utf8", "base64"]).default("utf8"),
  })).max(1_000).default([]),
  entrypoint: z.string().min(1).optional(),
  args: argumentsSchema,
  stdin: z.string().default(""),
  env: environmentSchema.default({}),
});

/** @throws {CodeBeakerError} `invalid_request` */
export function parseSelectionRequest(value: unknown): SelectionRequest {
  return toSelectionRequest(parseAs(selectRequestSchema, value, "the selection request"));
}

/** @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that leaves the workspace */
export function parseExecutionRequest(value: unknown): ExecutionRequest {
  const wire = parseAs(executionRequestSchema, value, "the execution request");
  refusePrototypeVariable(value);
  if (wire.code !== undefined) checkCodeSize(wire.code);
  if (wire.code === undefined && wire.files.length === 0) {
    throw invalidField("code", "A request brings code, files or both");
  }
  const entrypoint = wire.entrypoint === undefined ? undefined : parseWorkspacePath(wire.entrypoint, "entrypoint");
  return {
    ...toSelectionRequest(wire),
    ...(wire.code === undefined ? {} : { code: wire.code }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    files: wire.files.map((file, index) => ({
      path: parseWorkspacePath(file.path, `files[${index}].path`),
      bytes: decodeContent(file.content, file.encoding, `files[${index}].content`),
    })),
    args: wire.args,
    stdin: wire.stdin,
    env: wire.env,
  };
}

/** The bytes of a text field in its encoding. @throws {CodeBeakerError} `invalid_request` for base64 that is none */
export function decodeContent(content: string, encoding: "utf8" | "base64", field: string): Uint8Array<ArrayBuffer> {
  if (encoding === "utf8") return new TextEncoder().encode(content);
  try {
    return Uint8Array.fromBase64(content);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot decode ${field} as it must be base64`, {
      cause,
      details: { errors: [{ path: field, message: "Not base64" }] },
    });
  }
}

/** @throws {CodeBeakerError} `too_large` */
export function checkCodeSize(code: string): void {
  const bytes = byteLength(code);
  if (bytes <= MAX_CODE_BYTES) return;
  throw new CodeBeakerError(
    "too_large",
    `Cannot take code as it must be at most ${MAX_CODE_BYTES} bytes long: current value is ${bytes}`,
    {
      details: { errors: [{ path: "code", message: `At most ${MAX_CODE_BYTES} bytes` }] },
    },
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** zod drops this key silently from a record. */
function refusePrototypeVariable(value: unknown): void {
  const env = typeof value === "object" && value !== null && "env" in value ? value.env : undefined;
  if (typeof env === "object" && env !== null && Object.hasOwn(env, "__proto__")) {
    throw invalidField("env.__proto__", "This variable's name is reserved");
  }
}

function toSelectionRequest(wire: z.output<typeof selectRequestSchema>): SelectionRequest {
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

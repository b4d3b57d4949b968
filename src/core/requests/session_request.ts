import { z } from "zod";
import { invalidField } from "../errors.ts";
import { limitsSchema, type RequestedLimits, timeoutSchema } from "../limits.ts";
import { parseAs, strictObject } from "../parsing/validation.ts";
import { environmentSchema } from "../permissions/environment_variables.ts";
import { programFields, type ProgramRequest, toProgramRequest } from "./program_request.ts";
import { selectionFields, type SelectionRequest, toSelectionRequest } from "./selection_request.ts";

const MINUTE_MS = 60_000;
const MAX_LIFETIME_DAYS = 7;
/** Longest life of a session, in ms. */
export const MAX_LIFETIME_MS = MAX_LIFETIME_DAYS * 24 * 60 * MINUTE_MS;
const MAX_METADATA_BYTES = 16_384;
const MAX_METADATA_DEPTH = 32;

/** A checked request for a session. */
export interface SessionRequest extends SelectionRequest {
  /** The variables of every program in the session. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest time without activity before the session closes. */
  readonly idleTimeoutMs: number;
  /** Longest life of the session, whatever its activity. */
  readonly maxLifetimeMs: number;
  /** Data that the owner attaches to the session. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A checked request to change a session. Absent fields stay as they are. */
export type SessionChanges = Partial<Pick<SessionRequest, "idleTimeoutMs" | "maxLifetimeMs" | "metadata">>;

/** A checked request to run a program in a session, where its files remain. Its entry point may exist already. */
export interface SessionExecutionRequest extends ProgramRequest {
  /** Limits at or below the session's. */
  readonly limits: RequestedLimits;
}

const spanSchema = z.int().min(1_000).max(MAX_LIFETIME_MS, `At most ${MAX_LIFETIME_MS} (${MAX_LIFETIME_DAYS} days)`);

const metadataSchema = z.unknown().refine(isShallow, {
  abort: true,
  error: `Metadata is at most ${MAX_METADATA_DEPTH} levels deep`,
}).pipe(z.record(z.string().max(256), z.json())).refine(
  (metadata) => JSON.stringify(metadata).length <= MAX_METADATA_BYTES,
  `Metadata is at most ${MAX_METADATA_BYTES} characters of JSON long`,
);

/** The wire form of `POST /v1/sessions`. */
export const sessionRequestSchema = strictObject({
  ...selectionFields,
  env: environmentSchema.default({}).describe("Variables of every program in the session"),
  idleTimeoutMs: spanSchema.default(30 * MINUTE_MS).describe("Longest time without activity"),
  maxLifetimeMs: spanSchema.default(120 * MINUTE_MS).describe("Longest life, whatever the activity"),
  metadata: metadataSchema.default({}).describe("Data of the owner, as JSON"),
});

/** The wire form of `PATCH /v1/sessions/{id}`. */
export const sessionChangesSchema = strictObject({
  idleTimeoutMs: spanSchema.optional(),
  maxLifetimeMs: spanSchema.optional(),
  metadata: metadataSchema.optional(),
});

/** What to do instead of naming in a session what the session has fixed. */
export const FIXED_BY_SESSION: Readonly<Record<string, string>> = Object.fromEntries(
  ["language", "environment", "runtime", "preference", "minIsolation", "permissions"].map((
    name,
  ) => [name, `The session has its own ${name} already: omit it, or open another session with this one`]),
);

/** The wire form of `POST /v1/sessions/{id}/executions`. */
export const sessionExecutionSchema = strictObject({
  ...programFields,
  timeoutMs: timeoutSchema,
  limits: limitsSchema.optional(),
}, { elsewhere: FIXED_BY_SESSION });

/**
 * Parses a request for a session.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseSessionRequest(value: unknown): SessionRequest {
  const wire = parseAs(sessionRequestSchema, value, { what: "the session request" });
  const { env, idleTimeoutMs, maxLifetimeMs, metadata } = wire;
  return { ...toSelectionRequest(wire), env, idleTimeoutMs, maxLifetimeMs, metadata };
}

/**
 * Parses a request to change a session.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseSessionChanges(value: unknown): SessionChanges {
  const { idleTimeoutMs, maxLifetimeMs, metadata } = parseAs(sessionChangesSchema, value, {
    what: "the changes of the session",
  });
  return {
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    ...(maxLifetimeMs === undefined ? {} : { maxLifetimeMs }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/**
 * Parses a request to run a program in a session.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that
 *   leaves the workspace
 */
export function parseSessionExecution(value: unknown): SessionExecutionRequest {
  const wire = parseAs(sessionExecutionSchema, value, { what: "the execution request" });
  if (wire.code === undefined && wire.files.length === 0 && wire.entrypoint === undefined) {
    throw invalidField("code", "A request brings code, files, or the entry point to run");
  }
  return { ...toProgramRequest(wire), limits: { ...wire.limits, timeoutMs: wire.timeoutMs } };
}

/**
 * Whether no value is too deep. The search goes level by level and not recursively, since JSON can be deeper than the
 * stack.
 */
function isShallow(metadata: unknown): boolean {
  let level = [metadata];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_METADATA_DEPTH) return false;
    level = level.flatMap((value) => typeof value === "object" && value !== null ? Object.values(value) : []);
  }
  return true;
}

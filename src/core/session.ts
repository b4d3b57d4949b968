import { z } from "zod";
import { argumentsSchema, checkCodeSize } from "./requests/content.ts";
import { environmentSchema } from "./permissions/environment_variables.ts";
import { invalidField } from "./errors.ts";
import { limitsSchema, type RequestedLimits, timeoutSchema } from "./limits.ts";
import {
  filesSchema,
  parseFiles,
  type RequestFile,
  selectionFields,
  type SelectionRequest,
  toSelectionRequest,
} from "./requests/execution_request.ts";
import type { Selection } from "./selection.ts";
import { parseAs, strictObject } from "./parsing/validation.ts";
import { parseWorkspacePath } from "./workspace_path.ts";

/** What a session is doing: it is `active` while something is done in it, else `idle`. */
export const SESSION_STATES = ["creating", "active", "idle", "closing", "closed"] as const;
/** A name of {@link SESSION_STATES}. */
export type SessionState = typeof SESSION_STATES[number];

/**
 * Why a session is over: its owner closed it, nothing happened in it for `idleTimeoutMs`, it reached `maxLifetimeMs`,
 * its execution environment ended by itself, its owner's key was revoked, the service was shut down, or the service was
 * lost and the environment with it.
 */
export const CLOSE_REASONS = [
  "closed_by_owner",
  "idle_timeout",
  "max_lifetime",
  "environment_ended",
  "key_revoked",
  "service_stopped",
  "service_lost",
] as const;
/** A name of {@link CLOSE_REASONS}. */
export type CloseReason = typeof CLOSE_REASONS[number];

const MINUTE_MS = 60_000;
const MAX_LIFETIME_MS = 7 * 24 * 60 * MINUTE_MS;
const MAX_METADATA_BYTES = 16_384;
const MAX_METADATA_DEPTH = 32;

/** A session to be made. */
export interface SessionRequest extends SelectionRequest {
  /** Variables of every program in it. */
  readonly env: Readonly<Record<string, string>>;
  /** How long nothing may happen in it before it is closed. */
  readonly idleTimeoutMs: number;
  /** How long it may live, whatever happens in it. */
  readonly maxLifetimeMs: number;
  /** What its owner wants to find in it again. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A session as its owner sees it. */
export interface SessionInfo {
  readonly id: string;
  readonly language: string;
  readonly runtime: string;
  readonly state: SessionState;
  readonly createdAt: string;
  readonly lastActivityAt: string;
  /** When it will be closed if nothing more happens in it. */
  readonly expiresAt: string;
  readonly executionCount: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Present once it is closed. */
  readonly closedBecause?: CloseReason;
}

/** A program to be run in a session, whose files stay there. */
export interface SessionExecutionRequest {
  /** What becomes the language's main file. */
  readonly code?: Uint8Array<ArrayBuffer>;
  readonly files: readonly RequestFile[];
  /** The file to run, which may lie in the workspace already; absent, it is the main file. */
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Variables beside those of the session. */
  readonly env: Readonly<Record<string, string>>;
  /** These may only lower the session's. */
  readonly limits: RequestedLimits;
}

/** The wire form of `POST /v1/sessions`. */
export const sessionRequestSchema = strictObject({
  ...selectionFields,
  env: environmentSchema.default({}),
  idleTimeoutMs: z.int().min(1_000).max(MAX_LIFETIME_MS).default(30 * MINUTE_MS),
  maxLifetimeMs: z.int().min(1_000).max(MAX_LIFETIME_MS).default(120 * MINUTE_MS),
  metadata: z.unknown().refine(isShallow, {
    abort: true,
    error: `Metadata is at most ${MAX_METADATA_DEPTH} levels deep`,
  }).pipe(z.record(z.string().max(256), z.json())).default({}).refine(
    (metadata) => JSON.stringify(metadata).length <= MAX_METADATA_BYTES,
    `Metadata is at most ${MAX_METADATA_BYTES} characters of JSON long`,
  ),
});

/** The wire form of `POST /v1/sessions/{id}/executions`. */
const sessionExecutionSchema = strictObject({
  code: z.string().optional(),
  files: filesSchema,
  entrypoint: z.string().min(1).optional(),
  args: argumentsSchema,
  stdin: z.string().optional(),
  env: environmentSchema.default({}),
  timeoutMs: timeoutSchema,
  limits: limitsSchema.optional(),
});

/** A session to be made, from outside. @throws {CodeBeakerError} `invalid_request` */
export function parseSessionRequest(value: unknown): SessionRequest {
  const wire = parseAs(sessionRequestSchema, value, { what: "the session request" });
  const { env, idleTimeoutMs, maxLifetimeMs, metadata } = wire;
  return { ...toSelectionRequest(wire), env, idleTimeoutMs, maxLifetimeMs, metadata };
}

/**
 * A program for a session, from outside.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit; `permission_denied` for a path that
 *   leaves the workspace
 */
export function parseSessionExecution(value: unknown): SessionExecutionRequest {
  const wire = parseAs(sessionExecutionSchema, value, { what: "the execution request" });
  if (wire.code === undefined && wire.files.length === 0 && wire.entrypoint === undefined) {
    throw invalidField("code", "A request brings code, files, or the entry point to run");
  }
  if (wire.code !== undefined) checkCodeSize(wire.code);
  return {
    ...(wire.code === undefined ? {} : { code: new TextEncoder().encode(wire.code) }),
    files: parseFiles(wire.files),
    ...(wire.entrypoint === undefined ? {} : { entrypoint: parseWorkspacePath(wire.entrypoint, "entrypoint") }),
    args: wire.args,
    ...(wire.stdin === undefined ? {} : { stdin: wire.stdin }),
    env: wire.env,
    limits: { ...wire.limits, timeoutMs: wire.timeoutMs },
  };
}

/**
 * Whether no value lies too deep. It goes down level by level and not by calls, of which JSON can hold more than may be
 * made.
 */
function isShallow(metadata: unknown): boolean {
  let level = [metadata];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_METADATA_DEPTH) return false;
    level = level.flatMap((value) => typeof value === "object" && value !== null ? Object.values(value) : []);
  }
  return true;
}

/** How to rank the runtimes that passed the filters. */
export const PREFERENCES = ["speed", "security", "memory", "balanced"] as const;

/** The types of runtime, as the original design spells them. */
export const RUNTIME_TYPES = [
  "Docker",
  "Deno",
  "Bun",
  "NodeJs",
  "WebAssembly",
  "V8Isolate",
  "NativeProcess",
] as const;

/** Why candidates are rejected. */
export const REJECTION_CODES = [
  "unsupported_language",
  "not_requested",
  "below_isolation_floor",
  "cannot_honour_permissions",
  "cannot_enforce_limits",
  "exceeds_memory",
  "circuit_open",
  "unavailable",
  "missing_capability",
] as const;

/** The states of an execution, as a client sees them. */
export const EXECUTION_STATUSES = ["queued", "running", "ended", "failed"] as const;

/** The states of a session: `active` while it is in use, else `idle`. */
export const SESSION_STATES = ["creating", "active", "idle", "closing", "closed"] as const;

/**
 * Why a session was closed.
 *
 * - `closed_by_owner`: its owner closed it
 * - `idle_timeout`: it had no activity for `idleTimeoutMs`
 * - `max_lifetime`: it was `maxLifetimeMs` old
 * - `environment_ended`: its execution environment ended by itself
 * - `key_revoked`: its owner's key was revoked
 * - `service_stopped`: the service was shut down
 * - `service_lost`: the service and the environment were lost
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

interface ErrorKind {
  readonly status: number;
  readonly jsonRpc: number;
  readonly title: string;
}

/** Every error of a caller or of the service, with its status at each door. */
export const ERROR_KINDS = {
  invalid_request: { status: 400, jsonRpc: -32602, title: "Invalid request" },
  unauthorized: { status: 401, jsonRpc: -32001, title: "Unauthorized" },
  permission_denied: { status: 403, jsonRpc: -32003, title: "Permission denied" },
  not_found: { status: 404, jsonRpc: -32004, title: "Not found" },
  conflict: { status: 409, jsonRpc: -32009, title: "Conflict" },
  too_large: { status: 413, jsonRpc: -32013, title: "Too large" },
  unsupported_language: { status: 422, jsonRpc: -32021, title: "Unsupported language" },
  no_suitable_runtime: { status: 422, jsonRpc: -32022, title: "No suitable runtime" },
  busy: { status: 429, jsonRpc: -32029, title: "Busy" },
  runtime_unavailable: { status: 503, jsonRpc: -32053, title: "Runtime unavailable" },
  internal: { status: 500, jsonRpc: -32603, title: "Internal error" },
} as const satisfies Record<string, ErrorKind>;

/** The highest isolation level: another kernel. */
export const MAX_ISOLATION = 10;

/** Most denials that an execution lists; further ones are counted. */
export const MAX_DENIALS = 32;

/** Most displays of one cell. */
export const MAX_DISPLAYS = 1_000;

/** Most files of an answer. */
export const MAX_OUTPUT_FILES = 64;

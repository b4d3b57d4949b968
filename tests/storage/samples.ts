import { LOCAL_USER, type Principal } from "../../src/core/principal.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions/permissions.ts";
import type { Execution } from "../../src/core/execution.ts";
import type { Selection } from "../../src/core/selection.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import type { StoredSession } from "../../src/storage/storage.ts";

const SELECTION: Selection = { chosen: "deno", preference: "balanced", floor: 7, candidates: [] };

/** A caller of a tenant. */
export function principalOf(tenant: string): Principal {
  return { ...LOCAL_USER, tenant, name: `${tenant}'s key`, minIsolation: 7, quota: { maxConcurrent: 2 } };
}

/** An execution that has not ended. */
export function draftOf(id: string): Execution {
  return {
    id,
    status: "ended",
    language: "typescript",
    runtime: "deno",
    outcome: { kind: "interrupted", reason: "the service was lost" },
    exitCode: null,
    stdout: "",
    stderr: "",
    truncated: { stdout: 0, stderr: 0 },
    denials: [],
    usage: { wallMs: 0, startupMs: 0, cpuMs: null, peakMemoryBytes: null },
    warm: false,
    createdAt: "2026-01-01T00:00:00.000Z",
  };
}

/** An execution that printed something and exited. */
export function endOf(id: string, stdout = "42\n"): Execution {
  return { ...draftOf(id), stdout, outcome: { kind: "exited", exitCode: 0 }, exitCode: 0 };
}

/** A session of a tenant, made at some second. */
export function sessionOf(id: string, { tenant = "one", second = 0, ...rest }: SessionSample = {}): StoredSession {
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  const info: SessionInfo = {
    id,
    language: "typescript",
    runtime: "deno",
    state: "idle",
    createdAt,
    lastActivityAt: createdAt,
    expiresAt: createdAt,
    executionCount: 0,
    idleTimeoutMs: 1_000,
    maxLifetimeMs: 2_000,
    metadata: { purpose: "π" },
    selection: SELECTION,
    ...rest,
  };
  return {
    principal: principalOf(tenant),
    info,
    request: {
      language: "typescript",
      preference: "balanced",
      permissions: NO_PERMISSIONS,
      limits: { memoryMb: 64 },
      idleTimeoutMs: 1_000,
      maxLifetimeMs: 2_000,
    },
    environmentId: `env_${id}`,
  };
}

type SessionSample = Partial<SessionInfo> & { readonly tenant?: string; readonly second?: number };

/** Calls with the path of a database that does not exist yet, in a directory of its own. */
export async function withPath(use: (path: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(`${directory}/home/codebeaker.db`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

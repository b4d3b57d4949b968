import type { DatabaseSync } from "node:sqlite";
import type { Principal } from "../core/principal.ts";
import type { SessionInfo } from "../core/session.ts";
import { type Row, textIn } from "./row.ts";
import type { SessionStore, StoredSession } from "./storage.ts";
import type { WriteQueue } from "./write_queue.ts";

/** How long closed sessions are kept. */
export interface SessionRetention {
  readonly sessionRetentionMs: number;
  now(): number;
}

/** Creates the store of sessions, each as its JSON, without the variables of its programs. */
export function createSessionStore(
  { database, writes }: { readonly database: DatabaseSync; readonly writes: WriteQueue },
  { sessionRetentionMs, now }: SessionRetention,
): SessionStore & { prune(now: Date): void } {
  const insert = database.prepare(
    "INSERT INTO sessions (id, tenant, created_at, closed_at, environment, principal, request, info) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const change = database.prepare("UPDATE sessions SET info = ?, closed_at = coalesce(closed_at, ?) WHERE id = ?");
  const select = database.prepare("SELECT info FROM sessions WHERE id = ? AND tenant = ?");
  const selectClosed = database.prepare(
    "SELECT info FROM sessions WHERE tenant = ? AND closed_at IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT ?",
  );
  const selectClosedBehind = database.prepare(
    "SELECT info FROM sessions WHERE tenant = ?1 AND closed_at IS NOT NULL " +
      "AND (created_at, id) < (SELECT created_at, id FROM sessions WHERE id = ?2 AND tenant = ?1) " +
      "ORDER BY created_at DESC, id DESC LIMIT ?3",
  );
  const selectOpen = database.prepare(
    "SELECT principal, info, request, environment FROM sessions WHERE closed_at IS NULL ORDER BY number",
  );
  const removeOld = database.prepare("DELETE FROM sessions WHERE closed_at < ?");

  const unwritten = new Map<string, SessionInfo>();
  /** The open sessions whose newest facts a collected write will take. */
  const collected = new Set<string>();

  const closedAt = ({ state }: SessionInfo) => state === "closed" ? now() : null;

  function writeInfo(info: SessionInfo): void {
    if (change.run(JSON.stringify(info), closedAt(info), info.id).changes > 0) return;
    throw new Error(`Cannot update the session ${info.id} as it was not inserted`);
  }

  return {
    insert({ principal, info, request, environmentId }) {
      const texts = [principal, withoutVariables(request), info].map((value) => JSON.stringify(value));
      writes.writeNow(() =>
        insert.run(info.id, principal.tenant, info.createdAt, closedAt(info), environmentId, ...texts)
      );
    },
    update(info) {
      const { id } = info;
      if (info.state !== "closed") {
        unwritten.set(id, info);
        if (collected.has(id)) return; // That write takes these facts: sessions run many programs.
        collected.add(id);
      }
      const write = {
        bytes: JSON.stringify(info).length,
        perform: () => writeInfo(unwritten.get(id) ?? info),
        done: () => {
          collected.delete(id);
          unwritten.delete(id);
        },
      };
      if (info.state !== "closed") writes.collect(write);
      else if (!writes.enqueue(write)) unwritten.set(id, info);
    },
    find(tenant, id) {
      const row = select.get(id, tenant);
      return row === undefined ? undefined : unwritten.get(id) ?? infoIn(row);
    },
    listClosed(tenant, { after, limit }) {
      const rows = after === undefined ? selectClosed.all(tenant, limit) : selectClosedBehind.all(tenant, after, limit);
      return rows.map(infoIn);
    },
    open: () => selectOpen.all().map(sessionIn),
    prune(date) {
      removeOld.run(date.getTime() - sessionRetentionMs);
    },
  };
}

/**
 * Copies a request field by field, without its variables. The caller has the whole request, and types do not keep the
 * variables out.
 */
function withoutVariables(request: StoredSession["request"]): StoredSession["request"] {
  const { language, preference, permissions, limits, idleTimeoutMs, maxLifetimeMs, runtime, minIsolation } = request;
  return {
    language,
    preference,
    permissions,
    limits,
    idleTimeoutMs,
    maxLifetimeMs,
    ...(runtime === undefined ? {} : { runtime }),
    ...(minIsolation === undefined ? {} : { minIsolation }),
  };
}

function infoIn(row: Row): SessionInfo {
  const info: SessionInfo = JSON.parse(textIn(row, "info"));
  return info;
}

function sessionIn(row: Row): StoredSession {
  const principal: Principal = JSON.parse(textIn(row, "principal"));
  const request: StoredSession["request"] = JSON.parse(textIn(row, "request"));
  return { principal, info: infoIn(row), request, environmentId: textIn(row, "environment") };
}

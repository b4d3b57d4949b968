import type { DatabaseSync } from "node:sqlite";
import { numberIn, type Row, textIn, textOrNullIn } from "./row.ts";
import { AUDIT_CUTOFF } from "./schema.ts";
import type { AuditEntry, AuditStore } from "./storage.ts";
import type { WriteQueue } from "./write_queue.ts";

/**
 * Creates the audit log. Triggers in the file refuse every change of a line. They allow its removal only by a function
 * that this connection provides while it prunes: a DELETE through any other connection fails.
 */
export function createAuditStore(
  { database, writes }: { readonly database: DatabaseSync; readonly writes: WriteQueue },
  { auditRetentionMs }: { readonly auditRetentionMs: number },
): AuditStore & { prune(now: Date): void } {
  let cutoff: string | null = null;
  database.function(AUDIT_CUTOFF, () => cutoff);
  const insert = database.prepare(
    "INSERT INTO audit (at, tenant, key, action, subject, facts) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const select = database.prepare(
    "SELECT number, at, tenant, key, action, subject, facts FROM audit WHERE number > ? ORDER BY number LIMIT ?",
  );
  // "+" prevents the use of the index by time, with which every page would sort all later lines.
  const selectSince = database.prepare(
    "SELECT number, at, tenant, key, action, subject, facts FROM audit WHERE number > ? AND +at >= ? " +
      "ORDER BY number LIMIT ?",
  );
  const removeOld = database.prepare("DELETE FROM audit WHERE at < ?");

  return {
    append({ at, tenant, key, action, subject, facts }) {
      const text = JSON.stringify(facts);
      const perform = () => void insert.run(at, tenant, key, action, subject, text);
      writes.collect({ bytes: text.length + 100, perform });
    },
    read({ after = 0, since, limit }) {
      writes.flush();
      const rows = since === undefined ? select.all(after, limit) : selectSince.all(after, since, limit);
      return rows.map(entryIn);
    },
    prune(now) {
      cutoff = new Date(now.getTime() - auditRetentionMs).toISOString();
      try {
        removeOld.run(cutoff);
      } finally {
        cutoff = null;
      }
    },
  };
}

function entryIn(row: Row): AuditEntry & { readonly number: number } {
  const facts: AuditEntry["facts"] = JSON.parse(textIn(row, "facts"));
  return {
    number: numberIn(row, "number"),
    at: textIn(row, "at"),
    tenant: textOrNullIn(row, "tenant"),
    key: textOrNullIn(row, "key"),
    action: textIn(row, "action"),
    subject: textOrNullIn(row, "subject"),
    facts,
  };
}

import type { DatabaseSync } from "node:sqlite";
import type { Principal } from "../core/principal.ts";
import { type Row, textIn, textOrNullIn } from "./row.ts";
import type { KeyStore, StoredKey } from "./storage.ts";

/** Creates the store of keys. It caches nothing, since another process may add and revoke keys. */
export function createKeyStore(database: DatabaseSync): KeyStore {
  const insert = database.prepare(
    "INSERT INTO keys (id, hash, principal, created_at, revoked_at) VALUES (?, ?, ?, ?, ?)",
  );
  const select = database.prepare("SELECT id, hash, principal, created_at, revoked_at FROM keys WHERE id = ?");
  const selectAll = database.prepare("SELECT id, hash, principal, created_at, revoked_at FROM keys ORDER BY number");
  const revoke = database.prepare("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
  const selectRevoked = database.prepare("SELECT id FROM keys WHERE revoked_at IS NOT NULL");
  const selectAny = database.prepare("SELECT 1 FROM keys WHERE revoked_at IS NULL LIMIT 1");

  return {
    insert({ id, hash, principal, createdAt, revokedAt }) {
      insert.run(id, hash, JSON.stringify(principal), createdAt, revokedAt ?? null);
    },
    find(id) {
      const row = select.get(id);
      return row === undefined ? undefined : keyIn(row);
    },
    list: () => selectAll.all().map(keyIn),
    revoke: (id, now) => Number(revoke.run(now.toISOString(), id).changes) > 0,
    listRevoked: () => selectRevoked.all().map((row) => textIn(row, "id")),
    hasAny: () => selectAny.get() !== undefined,
  };
}

function keyIn(row: Row): StoredKey {
  const principal: Principal = JSON.parse(textIn(row, "principal"));
  const revokedAt = textOrNullIn(row, "revoked_at");
  return {
    id: textIn(row, "id"),
    hash: textIn(row, "hash"),
    principal,
    createdAt: textIn(row, "created_at"),
    ...(revokedAt === null ? {} : { revokedAt }),
  };
}

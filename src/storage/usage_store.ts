import type { DatabaseSync } from "node:sqlite";
import { numberIn } from "./row.ts";
import type { UsageStore } from "./storage.ts";

/** CPU time by tenant and day, kept as long as the audit log that tells what it was used for. */
export function createUsageStore(
  database: DatabaseSync,
  { auditRetentionMs }: { readonly auditRetentionMs: number },
): UsageStore & { prune(now: Date): void } {
  const add = database.prepare(
    "INSERT INTO usage (tenant, day, cpu_ms) VALUES (?, ?, ?) " +
      "ON CONFLICT (tenant, day) DO UPDATE SET cpu_ms = cpu_ms + excluded.cpu_ms",
  );
  const select = database.prepare("SELECT cpu_ms FROM usage WHERE tenant = ? AND day = ?");
  const removeOld = database.prepare("DELETE FROM usage WHERE day < ?");

  return {
    add(tenant, day, cpuMs) {
      add.run(tenant, day, cpuMs);
    },
    read(tenant, day) {
      const row = select.get(tenant, day);
      return row === undefined ? 0 : numberIn(row, "cpu_ms");
    },
    prune(now) {
      removeOld.run(new Date(now.getTime() - auditRetentionMs).toISOString().slice(0, 10));
    },
  };
}

import type { DatabaseSync } from "node:sqlite";
import { numberIn } from "./row.ts";
import type { UsageStore } from "./storage.ts";
import type { WriteQueue } from "./write_queue.ts";

/** Creates the store of CPU time by tenant and day. Its rows are kept as long as the audit log. */
export function createUsageStore(
  { database, writes }: { readonly database: DatabaseSync; readonly writes: WriteQueue },
  { auditRetentionMs }: { readonly auditRetentionMs: number },
): UsageStore & { prune(now: Date): void } {
  const add = database.prepare(
    "INSERT INTO usage (tenant, day, cpu_ms) VALUES (?, ?, ?) " +
      "ON CONFLICT (tenant, day) DO UPDATE SET cpu_ms = cpu_ms + excluded.cpu_ms",
  );
  const select = database.prepare("SELECT cpu_ms FROM usage WHERE tenant = ? AND day = ?");
  const removeOld = database.prepare("DELETE FROM usage WHERE day < ?");

  /** Deferred CPU time, by day and tenant. */
  const unwritten = new Map<string, number>();

  function change(name: string, cpuMs: number): void {
    const sum = (unwritten.get(name) ?? 0) + cpuMs;
    if (sum > 0) unwritten.set(name, sum);
    else unwritten.delete(name);
  }

  return {
    add(tenant, day, cpuMs) {
      const name = `${day} ${tenant}`;
      const perform = () => void add.run(tenant, day, cpuMs);
      change(name, cpuMs);
      writes.collect({ bytes: 100, perform, done: () => change(name, -cpuMs) });
    },
    read(tenant, day) {
      const row = select.get(tenant, day);
      return (row === undefined ? 0 : numberIn(row, "cpu_ms")) + (unwritten.get(`${day} ${tenant}`) ?? 0);
    },
    prune(now) {
      removeOld.run(new Date(now.getTime() - auditRetentionMs).toISOString().slice(0, 10));
    },
  };
}

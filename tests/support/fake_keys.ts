import type { AuditEntry, AuditStore, KeyStore, StoredKey, UsageStore } from "../../src/storage/storage.ts";

/** A store of keys in memory, for tests of its neighbours. */
export class FakeKeyStore implements KeyStore {
  readonly kept = new Map<string, StoredKey>();
  /** Every id that was looked for. */
  readonly sought: string[] = [];

  insert(key: StoredKey): void {
    this.kept.set(key.id, key);
  }

  find(id: string): StoredKey | undefined {
    this.sought.push(id);
    return this.kept.get(id);
  }

  list(): StoredKey[] {
    return [...this.kept.values()];
  }

  revoke(id: string, now: Date): boolean {
    const key = this.kept.get(id);
    if (key === undefined || key.revokedAt !== undefined) return false;
    this.kept.set(id, { ...key, revokedAt: now.toISOString() });
    return true;
  }

  listRevoked(): string[] {
    return this.list().filter(({ revokedAt }) => revokedAt !== undefined).map(({ id }) => id);
  }

  hasAny(): boolean {
    return this.list().some(({ revokedAt }) => revokedAt === undefined);
  }
}

/** An audit log in memory, for tests of its neighbours. */
export class FakeAuditStore implements AuditStore {
  readonly entries: AuditEntry[] = [];

  append(entry: AuditEntry): void {
    this.entries.push(entry);
  }

  read({ after = 0, limit }: { readonly after?: number; readonly limit: number }) {
    return this.entries.map((entry, index) => ({ ...entry, number: index + 1 })).slice(after, after + limit);
  }
}

/** What tenants used, in memory, for tests of its neighbours. */
export class FakeUsageStore implements UsageStore {
  readonly used = new Map<string, number>();
  /** How often anything was read or written. */
  calls = 0;

  add(tenant: string, day: string, cpuMs: number): void {
    const name = `${tenant} ${day}`;
    this.used.set(name, this.read(tenant, day) + cpuMs);
  }

  read(tenant: string, day: string): number {
    this.calls++;
    return this.used.get(`${tenant} ${day}`) ?? 0;
  }
}

import { CodeBeakerError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { UsageStore } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { type AcquireOptions, Semaphore } from "../concurrency/semaphore.ts";
import { TokenBucket } from "./token_bucket.ts";

const DAY_MS = 86_400_000;
/** How often idle tenants are dropped. After this time a tenant's bucket is full again. */
const IDLE_MS = 60_000;
/** Most programs of one tenant in the queue; beyond it, `busy`. */
const MAX_QUEUED = 100;
/** Time until the next request for a slot, which may come free at any time. */
const RETRY_MS = 1_000;

/** The slot of a tenant that may run any number of programs. */
const NO_SLOT: Disposable = { [Symbol.dispose]() {} };

/** The state of one tenant. */
interface Tenant {
  readonly slots: Semaphore;
  readonly bucket: TokenBucket | undefined;
  /** Programs that hold a slot or wait for one. */
  programs: number;
}

/** The quotas of all tenants. Tenants without a quota have no state; idle tenants are dropped. */
export class Quotas {
  readonly #usage: UsageStore;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Tenant>();
  #sweptAt = 0;

  constructor({ usage, clock }: { readonly usage: UsageStore; readonly clock: Clock }) {
    this.#usage = usage;
    this.#clock = clock;
  }

  /** How many tenants have state. */
  get size(): number {
    return this.#tenants.size;
  }

  /**
   * Takes one start from the tenant's rate; it is never given back.
   *
   * @throws {CodeBeakerError} `busy` when the rate or the daily budget is used up, or too many programs wait
   */
  start(principal: Principal): void {
    this.#checkBudget(principal);
    const { maxConcurrent, executionsPerMinute } = principal.quota;
    if (maxConcurrent === undefined && executionsPerMinute === undefined) return;
    const tenant = this.#tenantOf(principal);
    checkQueue(tenant, principal);
    const retryAfterMs = tenant.bucket?.take() ?? 0;
    if (retryAfterMs === 0) return;
    throw busy(principal, {
      quota: "executionsPerMinute",
      what: `may start ${executionsPerMinute} programs a minute`,
      retryAfterMs,
    });
  }

  /**
   * Waits for a slot of the tenant, in the order of the calls. The caller disposes of the slot. The daily budget is
   * checked again when the slot is free, since other programs may have used it up meanwhile.
   *
   * @throws {CodeBeakerError} `busy` when no slot came free in time, too many wait, or the budget is used up
   * @throws the signal's reason when it aborts first
   */
  async enter(principal: Principal, options: AcquireOptions): Promise<Disposable> {
    if (principal.quota.maxConcurrent === undefined) {
      this.#checkBudget(principal);
      return NO_SLOT;
    }
    using entered = new DisposableStack();
    const tenant = this.#tenantOf(principal);
    tenant.programs++;
    entered.defer(() => tenant.programs--);
    entered.use(await acquireSlot(tenant, principal, options));
    this.#checkBudget(principal);
    return entered.move();
  }

  /** Subtracts CPU time in ms from the tenant's daily budget. */
  charge(principal: Principal, cpuMs: number): void {
    if (principal.quota.cpuSecondsPerDay === undefined) return;
    this.#usage.add(principal.tenant, this.#day(), cpuMs);
  }

  /**
   * Checks the daily budget. Programs are charged at their end, so concurrent ones can overdraw the budget by their CPU
   * limits.
   */
  #checkBudget(principal: Principal): void {
    const { cpuSecondsPerDay } = principal.quota;
    if (cpuSecondsPerDay === undefined) return;
    if (this.#usage.read(principal.tenant, this.#day()) < cpuSecondsPerDay * 1_000) return;
    throw busy(principal, {
      quota: "cpuSecondsPerDay",
      what: `may use ${cpuSecondsPerDay} s of CPU a day (UTC)`,
      retryAfterMs: DAY_MS - this.#clock.now() % DAY_MS,
    });
  }

  #day(): string {
    return new Date(this.#clock.now()).toISOString().slice(0, "2026-11-25".length);
  }

  /** Finds the state by tenant and quota. A session that is older than a change of the quota keeps the old state. */
  #tenantOf({ tenant, quota: { maxConcurrent, executionsPerMinute } }: Principal): Tenant {
    this.#sweep();
    const name = `${tenant} ${maxConcurrent} ${executionsPerMinute}`;
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    const bucket = executionsPerMinute === undefined
      ? undefined
      : new TokenBucket({ perMinute: executionsPerMinute, clock: this.#clock });
    const made = { slots: new Semaphore(maxConcurrent ?? Infinity), bucket, programs: 0 };
    this.#tenants.set(name, made);
    return made;
  }

  #sweep(): void {
    const now = this.#clock.elapsed();
    if (now - this.#sweptAt < IDLE_MS) return;
    this.#sweptAt = now;
    for (const [name, { programs, bucket }] of this.#tenants) {
      if (programs === 0 && (bucket?.isFull ?? true)) this.#tenants.delete(name);
    }
  }
}

/** @throws {CodeBeakerError} `busy` when too many programs of the tenant wait */
function checkQueue({ slots }: Tenant, principal: Principal): void {
  if (slots.waiting >= MAX_QUEUED) throw noFreeSlot(principal);
}

async function acquireSlot(tenant: Tenant, principal: Principal, options: AcquireOptions): Promise<Disposable> {
  checkQueue(tenant, principal);
  try {
    return await tenant.slots.acquire(options);
  } catch (cause) {
    if (options.signal?.aborted || !(cause instanceof CodeBeakerError)) throw cause;
    throw noFreeSlot(principal, cause);
  }
}

function noFreeSlot(principal: Principal, cause?: unknown): CodeBeakerError {
  const what = `may run ${principal.quota.maxConcurrent} programs at the same time`;
  return busy(principal, { quota: "maxConcurrent", what, retryAfterMs: RETRY_MS, cause });
}

interface QuotaExcess {
  readonly quota: keyof Principal["quota"];
  readonly what: string;
  readonly retryAfterMs: number;
  readonly cause?: unknown;
}

function busy({ name }: Principal, { quota, what, retryAfterMs, cause }: QuotaExcess): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot run now as the key "${name}" ${what} (its quota ${quota})`, {
    cause,
    details: { retryAfterMs },
  });
}

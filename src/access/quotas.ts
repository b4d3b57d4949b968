import { CodeBeakerError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { UsageStore } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { TokenBucket } from "./token_bucket.ts";

const DAY_MS = 86_400_000;
/** A tenant that was idle for so long has a full bucket, and nothing of it need be kept in mind. */
const IDLE_MS = 60_000;
/** More programs of one tenant do not wait for a place. */
const MAX_WAITING = 100;
/** When a place may be free again: nobody knows how long a program runs. */
const RETRY_MS = 1_000;

/** How long a program waits for a place among those of its tenant. */
export interface EnterOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is kept in mind of a tenant. */
interface Tenant {
  readonly places: Semaphore;
  readonly bucket: TokenBucket | undefined;
  /** Programs that hold a place or wait for one. */
  programs: number;
}

/** The quota of each tenant. Those that have none cost nothing; those that are idle are forgotten. */
export class Quotas {
  readonly #usage: UsageStore;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Tenant>();
  #sweptAt = 0;

  constructor({ usage, clock }: { readonly usage: UsageStore; readonly clock: Clock }) {
    this.#usage = usage;
    this.#clock = clock;
  }

  /** How many tenants are kept in mind. */
  get size(): number {
    return this.#tenants.size;
  }

  /**
   * Takes one start off the tenant's rate, where its budget of the day is not used up and not too many of its programs
   * wait. It is not given back, whatever comes of the start.
   *
   * @throws {CodeBeakerError} `busy` that says when there is a start again
   */
  start(principal: Principal): void {
    this.#checkBudget(principal);
    const { maxConcurrent, executionsPerMinute } = principal.quota;
    if (maxConcurrent === undefined && executionsPerMinute === undefined) return;
    const tenant = this.#tenantOf(principal);
    checkLine(tenant, principal);
    const retryAfterMs = tenant.bucket?.take() ?? 0;
    if (retryAfterMs === 0) return;
    throw busy(principal, {
      quota: "executionsPerMinute",
      what: `may start ${executionsPerMinute} programs a minute`,
      retryAfterMs,
    });
  }

  /**
   * A place among those of the tenant, in the order in which they were asked for; its owner disposes of it. The budget
   * of the day is looked at again when the place is there, as others may have used it up while the program waited for
   * it or, in its session, for its turn.
   *
   * @throws {CodeBeakerError} `busy` when none came free in time, too many wait, or the budget is used up
   * @throws the signal's reason when it is aborted first
   */
  async enter(principal: Principal, options: EnterOptions): Promise<Disposable> {
    using entered = new DisposableStack();
    if (principal.quota.maxConcurrent !== undefined) {
      const tenant = this.#tenantOf(principal);
      tenant.programs++;
      entered.defer(() => tenant.programs--);
      entered.use(await placeIn(tenant, principal, options));
    }
    this.#checkBudget(principal);
    return entered.move();
  }

  /**
   * Takes what a program has used off the tenant's budget of this day. Where its CPU time could not be measured, it is
   * charged its wall time: a program that nobody can meter is not free.
   */
  charge(principal: Principal, { cpuMs, wallMs }: { readonly cpuMs: number | null; readonly wallMs: number }): void {
    if (principal.quota.cpuSecondsPerDay === undefined) return;
    this.#usage.add(principal.tenant, this.#day(), cpuMs ?? wallMs);
  }

  /**
   * What runs is charged at its end, so that programs that run at the same time can overdraw the budget by what each
   * may use.
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

  /** By its quota too: a session that was made before the operator changed it has the old one. */
  #tenantOf({ tenant, quota: { maxConcurrent, executionsPerMinute } }: Principal): Tenant {
    this.#sweep();
    const name = `${tenant} ${maxConcurrent} ${executionsPerMinute}`;
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    const bucket = executionsPerMinute === undefined
      ? undefined
      : new TokenBucket({ perMinute: executionsPerMinute, clock: this.#clock });
    const made = { places: new Semaphore(maxConcurrent ?? Infinity), bucket, programs: 0 };
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

/** What is refused before it is taken in need not be told so when it has waited. @throws {CodeBeakerError} `busy` */
function checkLine({ places }: Tenant, principal: Principal): void {
  if (places.waiting >= MAX_WAITING) throw noPlace(principal);
}

async function placeIn(tenant: Tenant, principal: Principal, options: EnterOptions): Promise<Disposable> {
  checkLine(tenant, principal);
  try {
    return await tenant.places.acquire(options);
  } catch (cause) {
    if (options.signal?.aborted || !(cause instanceof CodeBeakerError)) throw cause;
    throw noPlace(principal, cause);
  }
}

function noPlace(principal: Principal, cause?: unknown): CodeBeakerError {
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

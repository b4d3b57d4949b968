import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { Usage } from "../core/execution.ts";
import type { Principal } from "../core/principal.ts";
import { log } from "../log.ts";
import { Semaphore } from "../system/semaphore.ts";

/** How long an execution waits for a place before it is told `busy`. */
const IMPATIENT_MS = 2_000;
/** How long one waits that does not mind, before it is told that it will never get a place. */
const PATIENT_MS = 3_600_000;
/** More than these are not let into the line. */
const MAX_WAITING = 1_000;

/** The bounds of each tenant. */
export interface QuotaPort {
  /** Takes a start off the tenant's rate and budget. @throws {CodeBeakerError} `busy` */
  start(principal: Principal): void;
  /** A place among the tenant's own. @throws {CodeBeakerError} `busy` */
  enter(principal: Principal, options: EnterOptions): Promise<Disposable>;
  /** Takes what a program has used off the tenant's budget. */
  charge(principal: Principal, usage: Pick<Usage, "cpuMs" | "wallMs">): void;
}

interface EnterOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Who may run now: the service has so many places, and each tenant has its quota. */
export class Admission {
  readonly #places: Semaphore;
  readonly #quotas: QuotaPort | undefined;
  readonly #closing = new AbortController();
  #running = 0;

  constructor({ maxConcurrent, quotas }: { readonly maxConcurrent: number; readonly quotas?: QuotaPort | undefined }) {
    this.#places = new Semaphore(maxConcurrent);
    this.#quotas = quotas;
  }

  /** How many have a place. */
  get running(): number {
    return this.#running;
  }

  /** Whether the service takes anything in. */
  get isOpen(): boolean {
    return !this.#closing.signal.aborted;
  }

  /** @throws {CodeBeakerError} `busy` when the service takes nothing in any more */
  checkOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** Whether something may be taken in now. @throws {CodeBeakerError} `busy` */
  check(principal: Principal): void {
    this.checkOpen();
    if (this.#places.waiting >= MAX_WAITING) {
      const details = { retryAfterMs: 1_000 };
      throw new CodeBeakerError("busy", `Cannot run now as ${MAX_WAITING} others wait`, { details });
    }
    this.#quotas?.start(principal);
  }

  /**
   * A place, which its owner disposes of.
   *
   * @throws {CodeBeakerError} `busy` when none came free in time, or the service is shutting down
   * @throws the reason of `signal` when it is aborted first
   */
  async enter(
    principal: Principal,
    { isPatient, signal }: { readonly isPatient: boolean; readonly signal: AbortSignal },
  ): Promise<Disposable> {
    const options = {
      timeoutMs: isPatient ? PATIENT_MS : IMPATIENT_MS,
      signal: AbortSignal.any([this.#closing.signal, signal]),
    };
    using entered = new DisposableStack();
    if (this.#quotas !== undefined) entered.use(await this.#quotas.enter(principal, options));
    entered.use(await this.#places.acquire(options));
    this.#running++;
    entered.defer(() => this.#running--);
    return entered.move();
  }

  /** What cannot be charged is told in the log: what the program came to is its owner's all the same. */
  charge(principal: Principal, usage: Usage): void {
    try {
      this.#quotas?.charge(principal, usage);
    } catch (error) {
      log.error("what a program used cannot be charged", { tenant: principal.tenant, error: messageOf(error) });
    }
  }

  /** Takes nothing in any more, and tells what still waits so. */
  close(): void {
    const details = { retryAfterMs: 1_000 };
    this.#closing.abort(new CodeBeakerError("busy", "Cannot run now as the service is shutting down", { details }));
  }
}

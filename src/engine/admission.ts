import { abortable } from "@std/async/abortable";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { Usage } from "../core/execution.ts";
import type { Principal } from "../core/principal.ts";
import { log } from "../log.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import { Semaphore } from "../concurrency/semaphore.ts";

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

/** What an admission is made from. */
export interface AdmissionOptions {
  readonly maxConcurrent: number;
  /** Absent, no tenant is bounded. */
  readonly quotas?: QuotaPort | undefined;
  /** Absent, memory is not counted. */
  readonly memory?: MemoryBudget | undefined;
}

/** What a program asks for a place with. */
export interface PlaceRequest {
  /** Whether it can wait for long. */
  readonly isPatient: boolean;
  /** What it may use; 0 for what has its memory already. */
  readonly memoryMb: number;
  readonly signal?: AbortSignal | undefined;
}

/** A place in the service; disposing gives it back. */
export interface Place extends Disposable {
  /** Keeps its memory beyond that, until what may still use some is gone. */
  keepMemoryUntil(gone: Promise<void>): void;
}

/** Who may run now: the service has so many places and so much memory, and each tenant has its quota. */
export class Admission {
  readonly #places: Semaphore;
  readonly #quotas: QuotaPort | undefined;
  readonly #memory: MemoryBudget | undefined;
  readonly #closing = new AbortController();
  #running = 0;

  constructor({ maxConcurrent, memory, quotas }: AdmissionOptions) {
    this.#places = new Semaphore(maxConcurrent);
    this.#memory = memory;
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

  /**
   * What a request needs to be known before it is taken in, as long as anything is taken in at all.
   *
   * @throws {CodeBeakerError} `busy` as soon as nothing is
   */
  async whileOpen<Value>(asked: Promise<Value>): Promise<Value> {
    return await abortable(asked, this.#closing.signal);
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
   * @throws {CodeBeakerError} `busy` when none came free in time, or no memory for it, or the service is shutting down
   * @throws the reason of `signal` when it is aborted first
   */
  async enter(
    principal: Principal,
    { isPatient, memoryMb, signal }: PlaceRequest,
  ): Promise<Place> {
    const options = {
      timeoutMs: isPatient ? PATIENT_MS : IMPATIENT_MS,
      signal: this.#untilClosing(signal),
    };
    using entered = new DisposableStack();
    if (this.#quotas !== undefined) entered.use(await this.#quotas.enter(principal, options));
    entered.use(await this.#places.acquire(options));
    // What needs none does not wait behind those who do.
    const memory = memoryMb === 0 ? undefined : await this.#memory?.forProgram(memoryMb, options);
    const leaving: Promise<void>[] = [];
    const giveBack = () => memory?.[Symbol.dispose]();
    entered.defer(() => leaving.length === 0 ? giveBack() : void Promise.allSettled(leaving).then(giveBack));
    this.#running++;
    entered.defer(() => this.#running--);
    const owned = entered.move();
    return { keepMemoryUntil: (gone) => void leaving.push(gone), [Symbol.dispose]: () => owned.dispose() };
  }

  /**
   * Memory for what lasts, which its owner gives back by disposing.
   *
   * @throws {CodeBeakerError} `busy` when there was none in time, or the service is shutting down
   * @throws the reason of `signal` when it is aborted first
   */
  async promiseMemory(
    memoryMb: number,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Disposable> {
    return await this.#memory?.forProgram(memoryMb, {
      timeoutMs: IMPATIENT_MS,
      signal: this.#untilClosing(signal),
    }) ?? { [Symbol.dispose]() {} };
  }

  /** What cannot be charged is told in the log: what the program came to is its owner's all the same. */
  charge(principal: Principal, usage: Usage): void {
    try {
      this.#quotas?.charge(principal, usage);
    } catch (error) {
      log.error("what a program used cannot be charged", { tenant: principal.tenant, error: messageOf(error) });
    }
  }

  #untilClosing(signal: AbortSignal | undefined): AbortSignal {
    const closing = this.#closing.signal;
    return signal === undefined ? closing : AbortSignal.any([closing, signal]);
  }

  /** Takes nothing in any more, and tells what still waits so. */
  close(): void {
    const details = { retryAfterMs: 1_000 };
    this.#closing.abort(new CodeBeakerError("busy", "Cannot run now as the service is shutting down", { details }));
  }
}

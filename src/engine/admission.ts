import { abortable } from "@std/async/abortable";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { chargedCpuMs, type ChargedResult } from "../core/execution.ts";
import type { Principal } from "../core/principal.ts";
import { log } from "../log.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import { settlesAtOnce } from "../concurrency/delay.ts";
import { type AcquireOptions, Semaphore } from "../concurrency/semaphore.ts";
import { HeldSlot, type Slot } from "./held_slot.ts";

/** How long an execution waits for a slot before it is `busy`. */
const IMPATIENT_MS = 2_000;
/** How long a patient execution waits. */
const PATIENT_MS = 3_600_000;
/** Most executions in the queue; beyond it, `busy`. */
const MAX_QUEUED = 1_000;

/** The quotas of the tenants. */
export interface QuotaPort {
  /**
   * Takes one start from the tenant's rate and budget.
   *
   * @throws {CodeBeakerError} `busy`
   */
  start(principal: Principal): void;
  /**
   * Waits for one of the tenant's own slots.
   *
   * @throws {CodeBeakerError} `busy`
   */
  enter(principal: Principal, options: AcquireOptions): Promise<Disposable>;
  /** Subtracts CPU time in ms from the tenant's budget. */
  charge(principal: Principal, cpuMs: number): void;
}

/** The parts of an admission. */
export interface AdmissionOptions {
  readonly maxConcurrent: number;
  /** How many requests with tests run at once. Default: the machine's cores. */
  readonly maxTested?: number;
  /** Absent, no tenant has a quota. */
  readonly quotas?: QuotaPort | undefined;
  /** Absent, memory is not counted. */
  readonly memory?: MemoryBudget | undefined;
}

/** The needs of a program that waits for a slot. */
export interface SlotRequest {
  /** Whether the program waits up to an hour instead of 2 s. */
  readonly isPatient: boolean;
  /**
   * Whether the program is tested. Such programs compute, and their limits are judged by the clock: as many of them run at
   * once as there are cores.
   */
  readonly isTested?: boolean;
  /** Longest wait, instead of an hour or 2 s. */
  readonly maxWaitMs?: number | undefined;
  /** Memory that the program may use; 0 when its memory is reserved already. */
  readonly memoryMb: number;
  readonly signal?: AbortSignal | undefined;
}

/** Admits programs. The service has a bounded number of slots and memory, and each tenant has its quota. */
export class Admission {
  readonly #slots: Semaphore;
  readonly #tested: Semaphore;
  readonly #quotas: QuotaPort | undefined;
  readonly #memory: MemoryBudget | undefined;
  readonly #closing = new AbortController();
  #running = 0;
  /** When the last slot was given back, by `performance.now()`. */
  #leftAt = -Infinity;

  constructor({ maxConcurrent, maxTested = navigator.hardwareConcurrency, memory, quotas }: AdmissionOptions) {
    this.#slots = new Semaphore(maxConcurrent);
    this.#tested = new Semaphore(maxTested);
    this.#memory = memory;
    this.#quotas = quotas;
  }

  /** How many slots are taken. */
  get running(): number {
    return this.#running;
  }

  /** How long no slot has been taken, in ms; 0 while one is. */
  get idleMs(): number {
    return this.#running > 0 ? 0 : performance.now() - this.#leftAt;
  }

  /** Whether the service accepts requests. */
  get isOpen(): boolean {
    return !this.#closing.signal.aborted;
  }

  /** @throws {CodeBeakerError} `busy` when the service shuts down */
  checkOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  /**
   * Waits for work that precedes an admission.
   *
   * @throws {CodeBeakerError} `busy` as soon as the service shuts down
   */
  async whileOpen<Value>(work: Promise<Value>): Promise<Value> {
    this.checkOpen();
    return await settlesAtOnce(work) ? await work : await abortable(work, this.#closing.signal);
  }

  /**
   * Checks the queue, and takes one start from the quota.
   *
   * @throws {CodeBeakerError} `busy`
   */
  check(principal: Principal): void {
    this.checkOpen();
    if (this.#slots.waiting + this.#tested.waiting >= MAX_QUEUED) {
      const details = { retryAfterMs: 1_000 };
      throw new CodeBeakerError("busy", `Cannot run now as ${MAX_QUEUED} others wait`, { details });
    }
    this.#quotas?.start(principal);
  }

  /**
   * Waits for a slot. The caller disposes of it.
   *
   * @throws {CodeBeakerError} `busy` when no slot or memory came free in time, or the service shuts down; `too_large`
   *   when the memory exceeds the whole budget
   * @throws the reason of `signal` when it aborts first
   */
  async enter(principal: Principal, { isPatient, isTested, maxWaitMs, memoryMb, signal }: SlotRequest): Promise<Slot> {
    this.checkOpen();
    signal?.throwIfAborted();
    const slot = new HeldSlot(this.#memory, {
      maxWaitMs: maxWaitMs ?? (isPatient ? PATIENT_MS : IMPATIENT_MS),
      toSignal: () => this.#untilClosing(signal),
    });
    try {
      if (this.#quotas !== undefined) slot.hold(await this.#quotas.enter(principal, slot));
      if (isTested === true) slot.hold(await this.#tested.acquire(slot));
      slot.hold(this.#slots.tryAcquire() ?? await this.#slots.acquire(slot));
      await slot.reserveMemory(memoryMb); // A program without memory needs does not wait behind programs with such needs.
    } catch (error) {
      slot[Symbol.dispose]();
      throw error;
    }
    this.#running++;
    slot.hold({ [Symbol.dispose]: () => this.#leave() });
    return slot;
  }

  /**
   * Reserves memory for a context. The caller gives it back by disposing.
   *
   * @throws {CodeBeakerError} `busy` when no memory came free in time, or the service shuts down; `too_large` when it
   *   exceeds the whole budget
   * @throws the reason of `signal` when it aborts first
   */
  async reserveMemory(
    memoryMb: number,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Disposable> {
    return await this.#memory?.forProgram(memoryMb, {
      timeoutMs: IMPATIENT_MS,
      signal: this.#untilClosing(signal),
    }) ?? { [Symbol.dispose]() {} };
  }

  /** Charges the tenant's quota. A failure is only logged: the owner gets the result all the same. */
  charge(principal: Principal, result: ChargedResult): void {
    try {
      this.#quotas?.charge(principal, chargedCpuMs(result));
    } catch (error) {
      log.error("quota.charge_failed", { tenant: principal.tenant, error: messageOf(error) });
    }
  }

  /** Accepts no more requests, and rejects the queued ones. */
  close(): void {
    const details = { retryAfterMs: 1_000 };
    this.#closing.abort(new CodeBeakerError("busy", "Cannot run now as the service is shutting down", { details }));
  }

  #leave(): void {
    this.#running--;
    this.#leftAt = performance.now();
  }

  #untilClosing(signal: AbortSignal | undefined): AbortSignal {
    const closing = this.#closing.signal;
    return signal === undefined ? closing : AbortSignal.any([closing, signal]);
  }
}

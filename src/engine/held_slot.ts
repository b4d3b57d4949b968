import { startCountdown } from "../concurrency/deadline.ts";
import type { MemoryBudget, MemoryRequest } from "../concurrency/memory_budget.ts";

/** The right to run one program. Disposing gives it back. */
export interface Slot extends Disposable {
  /** Keeps the memory reserved beyond the disposal, until the environment is gone. */
  keepMemoryUntil(gone: Promise<void>): void;
  /**
   * Reserves further memory until all of it is this much, in MB, or more.
   *
   * @throws as {@link Admission.enter} does
   */
  reserveMemory(memoryMb: number): Promise<void>;
}

/** How long a program waits for its slot. */
export interface SlotWait {
  readonly maxWaitMs: number;
  /** Makes the signal that ends the wait. */
  toSignal(): AbortSignal;
}

/** What one program holds of the service. It is also the request with which the program waits for more. */
export class HeldSlot implements Slot, MemoryRequest {
  readonly #memory: MemoryBudget | undefined;
  readonly #leftMs: () => number;
  readonly #toSignal: () => AbortSignal;
  #signal: AbortSignal | undefined;
  readonly #held: Disposable[] = [];
  readonly #reserved: Disposable[] = [];
  readonly #leaving: Promise<void>[] = [];
  #heldMb = 0;

  /** @param memory the memory of all programs; absent, it is not counted */
  constructor(memory: MemoryBudget | undefined, { maxWaitMs, toSignal }: SlotWait) {
    this.#memory = memory;
    this.#leftMs = startCountdown(maxWaitMs);
    this.#toSignal = toSignal;
  }

  get heldMb(): number {
    return this.#heldMb;
  }

  get timeoutMs(): number {
    return this.#leftMs();
  }

  /** The signal that ends the wait. Most programs wait for nothing, so it is made at its first use. */
  get signal(): AbortSignal {
    return this.#signal ??= this.#toSignal();
  }

  /** Holds something until the disposal. */
  hold(held: Disposable): void {
    this.#held.push(held);
  }

  async reserveMemory(memoryMb: number): Promise<void> {
    if (this.#memory === undefined || memoryMb <= this.#heldMb) return;
    this.#reserved.push(await this.#memory.forProgram(memoryMb, this));
    this.#heldMb = memoryMb;
  }

  keepMemoryUntil(gone: Promise<void>): void {
    this.#leaving.push(gone);
  }

  [Symbol.dispose](): void {
    const leaving = this.#leaving.splice(0);
    if (leaving.length === 0) giveBack(this.#reserved);
    else Promise.allSettled(leaving).then(() => giveBack(this.#reserved));
    giveBack(this.#held);
  }
}

/** Gives back once, the last first. */
function giveBack(held: Disposable[]): void {
  for (let last = held.pop(); last !== undefined; last = held.pop()) last[Symbol.dispose]();
}

import { CodeBeakerError, exceedsMemory, memoryExcess } from "../core/errors.ts";
import { type AcquireOptions, Semaphore } from "./semaphore.ts";

/** The share of workspaces in all memory. Further workspaces lie on a disk. */
const WORKSPACE_SHARE = 0.5;

/** The settings of a budget. */
export interface MemoryBudgetOptions {
  /** Most memory of warm environments, in MB. Default: all of it. */
  readonly warmMb?: number;
  /** Evicts all warm environments, so that their memory comes free. */
  readonly evictAll?: () => Promise<void>;
}

/** A program that waits for memory. */
export interface MemoryRequest extends Omit<AcquireOptions, "permits"> {
  /** Memory in MB that is reserved for it already; 0 when absent. */
  readonly heldMb?: number;
}

/** Reserves the machine's memory for programs and workspaces before they use it. */
export class MemoryBudget {
  readonly totalMb: number;
  readonly #all: Semaphore;
  readonly #workspaces: Semaphore;
  readonly #warm: Semaphore;
  readonly #evictAll: () => Promise<void>;

  constructor(totalMb: number, { evictAll = () => Promise.resolve(), warmMb = totalMb }: MemoryBudgetOptions = {}) {
    this.totalMb = totalMb;
    this.#evictAll = evictAll;
    this.#warm = new Semaphore(warmMb);
    this.#all = new Semaphore(totalMb);
    this.#workspaces = new Semaphore(Math.floor(totalMb * WORKSPACE_SHARE));
  }

  /**
   * Waits for memory for a program, beyond what it holds. The caller gives that memory back by disposing.
   *
   * @throws {CodeBeakerError} `busy` when the memory does not come free in time; `too_large` when it exceeds the budget
   * @throws the signal's reason when it aborts first
   */
  async forProgram(memoryMb: number, options: MemoryRequest): Promise<Disposable> {
    const excess = memoryExcess(memoryMb, this.totalMb);
    if (excess !== undefined) throw exceedsMemory(excess);
    const { heldMb = 0 } = options;
    const permits = memoryMb - heldMb;
    const free = this.#all.tryAcquire(permits);
    if (free !== undefined) return free;
    this.#evictAll();
    try {
      return await this.#all.acquire({ permits, timeoutMs: options.timeoutMs, signal: options.signal });
    } catch (cause) {
      if (options.signal?.aborted || !(cause instanceof CodeBeakerError)) throw cause;
      const why = `other programs use too much of the ${this.totalMb} MB now`;
      throw new CodeBeakerError("busy", `Cannot run now as ${memoryMb} MB of memory are not free: ${why}`, {
        cause,
        details: { retryAfterMs: 1_000 },
      });
    }
  }

  /** Reserves memory for the files of a workspace; undefined when the memory is not free. */
  forWorkspace(sizeMb: number): Disposable | undefined {
    return this.#ofBoth(this.#workspaces, sizeMb);
  }

  /** Reserves memory for the files of a session. Evicts warm environments when the memory is not free. */
  async forSession(sizeMb: number): Promise<Disposable | undefined> {
    const free = this.forWorkspace(sizeMb);
    if (free !== undefined) return free;
    await this.#evictAll();
    return this.forWorkspace(sizeMb);
  }

  /** Reserves memory for a warm environment; undefined when the memory is not free. */
  forWarm(memoryMb: number): Disposable | undefined {
    return this.#ofBoth(this.#warm, memoryMb);
  }

  #ofBoth(part: Semaphore, sizeMb: number): Disposable | undefined {
    const ofPart = part.tryAcquire(sizeMb); // A `DisposableStack` would cost each program 0.01 ms.
    if (ofPart === undefined) return undefined;
    const ofAll = this.#all.tryAcquire(sizeMb);
    if (ofAll === undefined) {
      ofPart[Symbol.dispose]();
      return undefined;
    }
    return {
      [Symbol.dispose]() {
        ofPart[Symbol.dispose]();
        ofAll[Symbol.dispose]();
      },
    };
  }
}

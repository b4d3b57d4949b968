import { CodeBeakerError } from "../core/errors.ts";
import { type AcquireOptions, Semaphore } from "./semaphore.ts";

/** Of all memory, workspaces may take so much; what comes then lies on a disk. */
const WORKSPACE_SHARE = 0.5;

/** What holds for a budget. */
export interface MemoryBudgetOptions {
  /** What everything that is made ahead of time may take of it, in MB; all of it when absent. */
  readonly warmMb?: number;
  /** Has what is made ahead of time give its memory back, as somebody needs it now. */
  readonly evictAll?: () => Promise<void>;
}

/**
 * What all programs and workspaces of this service may take of the machine's memory together, promised before it is
 * used.
 */
export class MemoryBudget {
  readonly totalMb: number;
  readonly #all: Semaphore;
  readonly #workspaces: Semaphore;
  readonly #waiting: Semaphore;
  readonly #evictAll: () => Promise<void>;

  constructor(totalMb: number, { evictAll = () => Promise.resolve(), warmMb = totalMb }: MemoryBudgetOptions = {}) {
    this.totalMb = totalMb;
    this.#evictAll = evictAll;
    this.#waiting = new Semaphore(warmMb);
    this.#all = new Semaphore(totalMb);
    this.#workspaces = new Semaphore(Math.floor(totalMb * WORKSPACE_SHARE));
  }

  /**
   * Memory for a program, which its owner gives back by disposing.
   *
   * @throws {CodeBeakerError} `busy` when there was none in time, or there is not so much at all
   * @throws the signal's reason when it is aborted first
   */
  async forProgram(memoryMb: number, options: Omit<AcquireOptions, "permits">): Promise<Disposable> {
    if (memoryMb > this.totalMb) throw noMemory(memoryMb, `programs may use ${this.totalMb} MB together`);
    const free = this.#all.tryAcquire(memoryMb);
    if (free !== undefined) return free;
    this.#evictAll();
    try {
      return await this.#all.acquire({ ...options, permits: memoryMb });
    } catch (cause) {
      if (options.signal?.aborted || !(cause instanceof CodeBeakerError)) throw cause;
      throw noMemory(memoryMb, `others use too much of ${this.totalMb} MB now`, cause);
    }
  }

  /** Memory for what lies in a workspace; undefined when there is none now. */
  forWorkspace(sizeMb: number): Disposable | undefined {
    return this.#ofBoth(this.#workspaces, sizeMb);
  }

  /** The same for an environment that lasts, for which what is made ahead of time gives way. */
  async forSession(sizeMb: number): Promise<Disposable | undefined> {
    const free = this.forWorkspace(sizeMb);
    if (free !== undefined) return free;
    await this.#evictAll();
    return this.forWorkspace(sizeMb);
  }

  /** Memory for what waits for a program; undefined when there is none now. */
  forWarm(memoryMb: number): Disposable | undefined {
    return this.#ofBoth(this.#waiting, memoryMb);
  }

  #ofBoth(part: Semaphore, sizeMb: number): Disposable | undefined {
    using held = new DisposableStack();
    for (const semaphore of [part, this.#all]) {
      const permits = semaphore.tryAcquire(sizeMb);
      if (permits === undefined) return undefined;
      held.use(permits);
    }
    return held.move();
  }
}

function noMemory(memoryMb: number, why: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot run now as ${memoryMb} MB of memory are not free: ${why}`, {
    cause,
    details: { retryAfterMs: 1_000 },
  });
}

import { KeyedQueue } from "../../concurrency/keyed_queue.ts";
import { Semaphore } from "../../concurrency/semaphore.ts";
import { TextWorker } from "./text_worker.ts";

/** Bounds of the pool. Each worker holds the texts of its command; each queued command holds its own request. */
const BOUNDS = { maxActive: 4, maxQueuedPerKey: 8, maxQueued: 64 };

/** The command that needs a worker. */
export interface AcquireTextWorkerOptions {
  /** The id of the command's environment. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
}

/** Bounds how many commands of a service process texts at the same time. */
export class TextWorkerPool {
  readonly #queue = new KeyedQueue(BOUNDS);
  readonly #threadSlot = new Semaphore(1);

  /**
   * Waits for a worker; the caller disposes of it.
   *
   * @throws {CodeBeakerError} `busy` when too many commands wait
   * @throws the reason of `signal` when it aborts first
   */
  async acquire({ owner, signal }: AcquireTextWorkerOptions): Promise<TextWorker> {
    return new TextWorker(await this.#queue.acquire(owner, { signal }), { threadSlot: this.#threadSlot, signal });
  }
}

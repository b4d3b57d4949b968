import { CodeBeakerError } from "../core/errors.ts";
import { Semaphore } from "./semaphore.ts";

/** The bounds of a queue. An absent one does not bound. */
export interface KeyedQueueOptions {
  /** Slots of all keys together. */
  readonly maxActive?: number;
  /** Most requests that wait for one key. */
  readonly maxQueuedPerKey?: number;
  /** Most requests that wait for all keys together. */
  readonly maxQueued?: number;
}

/** The queue of one key. */
interface KeyQueue {
  readonly slot: Semaphore;
  /** Requests that hold the slot or wait for it. */
  count: number;
}

/** Gives each key one slot at a time, in the order of the requests. No key waits behind all requests of another key. */
export class KeyedQueue {
  readonly #maxActive: number;
  readonly #maxQueuedPerKey: number;
  readonly #maxQueued: number;
  readonly #slots: Semaphore;
  readonly #queues = new Map<string, KeyQueue>();
  /** Requests of all keys that hold a slot or wait for one. */
  #count = 0;

  constructor(
    { maxActive = Infinity, maxQueuedPerKey = Infinity, maxQueued = Infinity }: KeyedQueueOptions = {},
  ) {
    this.#maxActive = maxActive;
    this.#maxQueuedPerKey = maxQueuedPerKey;
    this.#maxQueued = maxQueued;
    this.#slots = new Semaphore(maxActive);
  }

  /**
   * Waits for the key's slot. The caller disposes of it.
   *
   * @throws {CodeBeakerError} `busy` when too many requests wait
   * @throws the reason of `signal` when it aborts first
   */
  async acquire(key: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Disposable> {
    using acquired = new DisposableStack();
    const queue = acquired.adopt(this.#enter(key), (queue) => this.#leave(key, queue));
    acquired.use(await queue.slot.acquire(options));
    acquired.use(await this.#slots.acquire(options));
    return acquired.move();
  }

  #enter(key: string): KeyQueue {
    const queue = this.#queues.get(key) ?? { slot: new Semaphore(1), count: 0 };
    if (queue.count > this.#maxQueuedPerKey) {
      throw queueFull(`${this.#maxQueuedPerKey} others of the same session wait`);
    }
    if (this.#count >= this.#maxActive + this.#maxQueued) throw queueFull(`${this.#maxQueued} others wait`);
    this.#queues.set(key, queue);
    queue.count++;
    this.#count++;
    return queue;
  }

  #leave(key: string, queue: KeyQueue): void {
    this.#count--;
    if (--queue.count === 0) this.#queues.delete(key);
  }
}

function queueFull(why: string): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot do this now as ${why}`, { details: { retryAfterMs: 1_000 } });
}

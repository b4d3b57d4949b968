import type { Answer } from "../../core/answers/answer.ts";
import type { poolStateSchema } from "../../core/answers/runtime.ts";
import { messageOf } from "../../core/errors.ts";
import type { Lease, WarmMember } from "./warm_member.ts";
import { type ShelfEntry, type ShelfOptions, type ShelfSettings, WarmShelf } from "./warm_shelf.ts";
import { WorkerLoop } from "./worker_loop.ts";

/** How often dead and idle members are removed and missing ones made. */
const POLL_MS = 250;
const MAX_SHELVES = 64;

/** The state of one runtime's part of the pool. */
export type PoolState = Answer<typeof poolStateSchema>;

/** Options of a pool. */
export interface WarmPoolOptions extends ShelfSettings {
  /** Whether programs need all of the machine now. */
  isBusy(): boolean;
}

/**
 * The warm members of all runtimes. While the machine is not busy it makes one member at a time and runs one task
 * beside it. A shelf holds the members of one kind, as many as are requested while one is made; a kind that is
 * requested rarely has none.
 */
export class WarmPool implements AsyncDisposable {
  readonly #options: WarmPoolOptions;
  readonly #shelves = new Map<string, WarmShelf>();
  readonly #usage = new Map<string, { hits: number; misses: number }>();
  readonly #tasks = new Map<object, () => Promise<void>>();
  readonly #removals = new Set<Promise<void>>();
  readonly #evictors = new Set<() => Promise<void>>();
  readonly #polling: Disposable;
  readonly #taskLoop = new WorkerLoop(() => this.#mayWork);
  readonly #memberLoop = new WorkerLoop(() => this.#mayWork);
  #isClosed = false;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.#polling = options.clock.every(POLL_MS, () => this.#poll());
  }

  /** Keeps the minimum of a kind warm from now on. The kind may have been requested before. */
  warmUp<Member extends WarmMember>(kind: string, options: ShelfOptions<Member>): void {
    this.#shelfOf(kind, options).raiseMin(options.min);
    this.#wake();
  }

  /**
   * Leases a warm member of a kind; undefined when there is none. A member that is being made counts if it is warm
   * sooner than a new one. A kind that is requested often is kept warm from then on.
   */
  async lease<Member extends WarmMember>(
    kind: string,
    options: ShelfOptions<Member>,
  ): Promise<Lease<Member> | undefined> {
    if (this.#isClosed || this.#options.max === 0) return undefined;
    const shelf = this.#shelfOf(kind, options);
    const member = await shelf.take() as Member | undefined; // A kind is requested with one type.
    this.count(options.owner, { isHit: member !== undefined });
    return member && { member, [Symbol.asyncDispose]: () => this.#retire(member) };
  }

  /** Counts a hit or miss of a warm process that its owner keeps itself. */
  count(owner: string, { isHit }: { readonly isHit: boolean }): void {
    const usage = this.#usageOf(owner);
    if (isHit) usage.hits++;
    else usage.misses++;
  }

  /**
   * Runs a task as soon as the machine is not busy. It replaces an earlier task of the same client. Its failure is
   * ignored.
   */
  schedule(client: object, task: () => Promise<void>): void {
    this.#tasks.set(client, task);
    this.#wake();
  }

  stateOf(owner: string): PoolState {
    const own = [...this.#shelves.values()].filter((shelf) => shelf.owner === owner);
    return { ready: own.reduce((total, { size }) => total + size, 0), ...this.#usageOf(owner) };
  }

  /**
   * Calls a function whenever every warm member is removed. It removes those that a runtime keeps itself. Disposing
   * ends the calls.
   */
  onEvictAll(evict: () => Promise<void>): Disposable {
    this.#evictors.add(evict);
    return { [Symbol.dispose]: () => void this.#evictors.delete(evict) };
  }

  /** Removes every warm member to free its memory, and makes none for a while. */
  async evictAll(): Promise<void> {
    for (const shelf of this.#shelves.values()) {
      shelf.pause();
      this.#remove(shelf.evict(0));
    }
    await Promise.all([...this.#removals, ...[...this.#evictors].map((evict) => evict())]);
  }

  /** Removes every warm member. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#tasks.clear();
    this.#polling[Symbol.dispose]();
    await Promise.all([this.#taskLoop.settled, this.#memberLoop.settled]);
    for (const shelf of this.#shelves.values()) this.#remove(shelf.evict(0));
    await Promise.all(this.#removals);
  }

  async #retire(member: WarmMember): Promise<void> {
    await member[Symbol.asyncDispose]();
    this.#wake();
  }

  /** The shelf of a kind, which becomes the last requested one. */
  #shelfOf<Member extends WarmMember>(kind: string, options: ShelfOptions<Member>): WarmShelf {
    const known = this.#shelves.get(kind);
    this.#shelves.delete(kind);
    const shelf = known ?? new WarmShelf(options, this.#options);
    this.#shelves.set(kind, shelf);
    const oldest = [...this.#shelves].find(([, { min }]) => min === 0);
    if (this.#shelves.size > MAX_SHELVES && oldest !== undefined) this.#discard(...oldest);
    return shelf;
  }

  /** Removes a shelf. The pause makes it drop a member that is being made. */
  #discard(kind: string, shelf: WarmShelf): void {
    this.#shelves.delete(kind);
    shelf.pause(Number.POSITIVE_INFINITY);
    this.#remove(shelf.evict(0));
  }

  #usageOf(owner: string): { hits: number; misses: number } {
    const usage = this.#usage.get(owner) ?? { hits: 0, misses: 0 };
    this.#usage.set(owner, usage);
    return usage;
  }

  #poll(): void {
    for (const [kind, shelf] of this.#shelves) {
      if (shelf.min === 0 && shelf.isIdle) this.#discard(kind, shelf);
      else this.#remove(shelf.evict(shelf.targetSize));
    }
    this.#wake();
  }

  /** Removes evicted members and frees their memory afterwards. */
  #remove(evicted: readonly ShelfEntry[]): void {
    for (const { member, memory, owner } of evicted) {
      const removal = Promise.resolve(member[Symbol.asyncDispose]())
        .catch((error: unknown) => this.#options.onFailure("removal_failed", { owner, error: messageOf(error) }))
        .finally(() => {
          memory[Symbol.dispose]();
          this.#removals.delete(removal);
        });
      this.#removals.add(removal);
    }
  }

  #wake(): void {
    this.#taskLoop.wake(() => this.#nextTask());
    this.#memberLoop.wake(() => this.#nextMember());
  }

  get #mayWork(): boolean {
    return !this.#isClosed && !this.#options.isBusy();
  }

  #nextTask(): (() => Promise<void>) | undefined {
    for (const [client, task] of this.#tasks) {
      this.#tasks.delete(client);
      return task;
    }
    return undefined;
  }

  /** The task that makes a member for the shelf that lacks the most. */
  #nextMember(): (() => Promise<void>) | undefined {
    const [shelf] = [...this.#shelves.values()].filter(({ lacking }) => lacking > 0)
      .toSorted((a, b) => b.lacking - a.lacking);
    return shelf && (() => shelf.add());
  }
}

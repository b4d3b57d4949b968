import { messageOf } from "../../core/errors.ts";
import type { Clock } from "../../concurrency/clock.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import type { WarmMember } from "./warm_member.ts";

/** Time constant of the request rate: requests older than a few of these hardly count. */
const RATE_WINDOW_MS = 30_000;
/** Requests within the window, decayed by age, that make a kind worth keeping warm. */
const MIN_REQUESTS = 2.5;
/** How many members to keep warm for each request that arrives during a making. */
const RESERVE = 2;
/** How long no member is made after a failure or an eviction. */
const RETRY_MS = 5_000;
/** The longest pause after repeated failures, each of which doubles it. */
const MAX_RETRY_MS = 60_000;
/** The time that making a member is assumed to take before any was made. */
const INITIAL_MAKE_MS = 100;
/** Weight of the newest sample in the average time that making a member takes. */
const SAMPLE_WEIGHT = 0.25;

/** The members of a shelf. */
export interface ShelfOptions<Member extends WarmMember> {
  /** The name under which hits and misses are counted. */
  readonly owner: string;
  /** The members that are kept without requests. */
  readonly min: number;
  /** The memory of one warm member. */
  readonly memoryMb: number;
  make(): Promise<Member>;
}

/** Settings that all shelves share. */
export interface ShelfSettings {
  readonly clock: Clock;
  /** The most members of one shelf. */
  readonly max: number;
  /** How long without requests a shelf keeps more than its minimum. */
  readonly idleMs: number;
  /** Lends memory to a warm member; undefined when there is none now. */
  lendMemory(memoryMb: number): Disposable | undefined;
  onFailure(event: "start_failed" | "removal_failed", fields: { readonly owner: string; readonly error: string }): void;
}

/** A warm member and the memory that it holds until it is taken. */
export interface ShelfEntry {
  readonly owner: string;
  readonly member: WarmMember;
  readonly memory: Disposable;
}

/** The warm members of one kind, as many as are requested while one is made. */
export class WarmShelf {
  readonly #options: ShelfOptions<WarmMember>;
  readonly #settings: ShelfSettings;
  #min: number;
  #entries: ShelfEntry[] = [];
  #making: Promise<void> | undefined;
  /** Whether a request waits for the member that is being made. */
  #isAwaited = false;
  #averageMakeMs = INITIAL_MAKE_MS;
  /** Requests, decayed by age up to the last one. */
  #requests = 0;
  #requestedAt: number;
  #retryAt = 0;
  #retryMs = RETRY_MS;

  constructor(options: ShelfOptions<WarmMember>, settings: ShelfSettings) {
    this.#options = options;
    this.#min = options.min;
    this.#settings = settings;
    this.#requestedAt = settings.clock.elapsed();
  }

  get owner(): string {
    return this.#options.owner;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The members that are kept without requests. */
  get min(): number {
    return Math.min(this.#min, this.#settings.max);
  }

  /** Keeps at least so many members without requests from now on. */
  raiseMin(min: number): void {
    this.#min = Math.max(this.#min, min);
  }

  /** Whether there has been no request for a while. */
  get isIdle(): boolean {
    return this.#settings.clock.elapsed() - this.#requestedAt > this.#settings.idleMs;
  }

  /** The number of members to have now. */
  get targetSize(): number {
    const requests = this.#recentRequests();
    if (this.isIdle || requests < MIN_REQUESTS) return this.min;
    const requestsMeanwhile = requests / RATE_WINDOW_MS * this.#averageMakeMs;
    return Math.min(this.#settings.max, Math.max(this.min, 1, Math.ceil(RESERVE * requestsMeanwhile)));
  }

  /** The number of members to make now. */
  get lacking(): number {
    return this.#settings.clock.elapsed() < this.#retryAt ? 0 : this.targetSize - this.size;
  }

  /** Makes no member for a while, and drops one that is being made. */
  pause(ms = RETRY_MS): void {
    this.#retryAt = this.#settings.clock.elapsed() + ms;
  }

  /**
   * Takes a warm member, or waits for the one that is being made. Only one request waits, and no longer than a new one
   * would take.
   */
  async take(): Promise<WarmMember | undefined> {
    this.#requests = this.#recentRequests() + 1;
    this.#requestedAt = this.#settings.clock.elapsed();
    const warm = this.#takeWarm();
    if (warm !== undefined || this.#making === undefined || this.#isAwaited) return warm;
    this.#isAwaited = true;
    await settledWithin(this.#making, this.#averageMakeMs);
    this.#isAwaited = false;
    return this.#takeWarm();
  }

  /** Makes one more member. */
  async add(): Promise<void> {
    this.#making = this.#make();
    await this.#making;
    this.#making = undefined;
  }

  /** Takes out the dead members, and the oldest of more than `max`. */
  evict(max: number): ShelfEntry[] {
    const alive = this.#entries.filter(({ member }) => member.isAlive);
    const kept = max === 0 ? [] : alive.slice(-max);
    const evicted = this.#entries.filter((entry) => !kept.includes(entry));
    this.#entries = kept;
    return evicted;
  }

  #takeWarm(): WarmMember | undefined {
    const index = this.#entries.findIndex(({ member }) => member.isAlive);
    const [taken] = index < 0 ? [] : this.#entries.splice(index, 1);
    taken?.memory[Symbol.dispose]();
    return taken?.member;
  }

  async #make(): Promise<void> {
    const { clock, lendMemory, onFailure } = this.#settings;
    const { make, memoryMb, owner } = this.#options;
    const memory = lendMemory(memoryMb);
    if (memory === undefined) return this.pause();
    const startedAt = clock.elapsed();
    try {
      const member = await make();
      this.#retryMs = RETRY_MS;
      this.#averageMakeMs += (clock.elapsed() - startedAt - this.#averageMakeMs) * SAMPLE_WEIGHT;
      if (clock.elapsed() >= this.#retryAt) this.#entries.push({ owner, member, memory });
      else { // The shelf was evicted meanwhile.
        memory[Symbol.dispose]();
        await member[Symbol.asyncDispose]();
      }
    } catch (error) {
      memory[Symbol.dispose]();
      this.pause(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
      onFailure("start_failed", { owner, error: messageOf(error) });
    }
  }

  #recentRequests(): number {
    return this.#requests * Math.exp(-(this.#settings.clock.elapsed() - this.#requestedAt) / RATE_WINDOW_MS);
  }
}

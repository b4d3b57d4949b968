import { messageOf } from "../../core/errors.ts";
import type { Clock } from "../../concurrency/clock.ts";
import { settledWithin } from "../../concurrency/delay.ts";

/** Over how long arrivals are counted: what comes again and again within it is worth a shelf. */
const MEMORY_MS = 30_000;
/** So many arrivals within that time, an old one counting less, are worth making members for. */
const WORTH = 2.5;
/** How much more is kept ready than arrives, on average, while one is made. */
const RESERVE = 2;
/** How long nothing is made for a shelf on which nothing could be made, or whose members had to give way. */
const RETRY_MS = 5_000;
/** The same where it has failed again and again: each time for twice as long as before. */
const MAX_RETRY_MS = 60_000;
/** What one takes to make before any was, in ms. */
const UNKNOWN_MAKE_MS = 100;
/** How much of the newest time enters the average of what one takes to make. */
const NEWEST = 0.25;

/** Something that is made ahead of time for one use. Disposing removes it, used or not. */
export interface WarmMember extends AsyncDisposable {
  /** Whether it can still serve. */
  readonly isAlive: boolean;
}

/** What stands on a shelf, and how much of it. */
export interface ShelfOptions<Member extends WarmMember> {
  /** Whose it is: hits and misses are counted by that. */
  readonly owner: string;
  /** How many are there also when nobody comes. */
  readonly min: number;
  /** What one takes of memory while it waits, in MB. */
  readonly memoryMb: number;
  make(): Promise<Member>;
}

/** What all shelves share. */
export interface ShelfConditions {
  readonly clock: Clock;
  /** The most members of one shelf. */
  readonly max: number;
  /** How long nobody may come until a shelf is down to its minimum, in ms. */
  readonly idleMs: number;
  /** Memory for as long as a member waits; undefined when there is none now. */
  promiseMemory(memoryMb: number): Disposable | undefined;
  onFault(owner: string, reason: string): void;
}

/** A member, and the memory that it holds as long as it waits. */
export interface Waiting {
  readonly member: WarmMember;
  readonly memory: Disposable;
}

/** Members of one kind, as many as arrive while one is made. */
export class WarmShelf {
  readonly #options: ShelfOptions<WarmMember>;
  readonly #pool: ShelfConditions;
  #waiting: Waiting[] = [];
  #making: Promise<void> | undefined;
  /** Whether somebody waits for the one that is being made: others would wait for nothing. */
  #isAwaited = false;
  #makeMs = UNKNOWN_MAKE_MS;
  /** How many came, each counting less the longer ago it is. */
  #arrivals = 0;
  #arrivedAt: number;
  #retryAt = 0;
  #retryMs = RETRY_MS;

  constructor(options: ShelfOptions<WarmMember>, pool: ShelfConditions) {
    this.#options = options;
    this.#pool = pool;
    this.#arrivedAt = pool.clock.elapsed();
  }

  get owner(): string {
    return this.#options.owner;
  }

  get ready(): number {
    return this.#waiting.length;
  }

  /** How many are there also when nobody comes. */
  get min(): number {
    return Math.min(this.#options.min, this.#pool.max);
  }

  /** Whether nobody has come for a while. */
  get isIdle(): boolean {
    return this.#pool.clock.elapsed() - this.#arrivedAt > this.#pool.idleMs;
  }

  /** How many should be ready now. */
  get wanted(): number {
    const arrivals = this.#decayed();
    if (this.isIdle || arrivals < WORTH) return this.min;
    const arriveMeanwhile = arrivals / MEMORY_MS * this.#makeMs;
    return Math.min(this.#pool.max, Math.max(this.min, 1, Math.ceil(RESERVE * arriveMeanwhile)));
  }

  /** How many are missing that can be made now. */
  get lacks(): number {
    return this.#pool.clock.elapsed() < this.#retryAt ? 0 : this.wanted - this.ready;
  }

  /** Nothing is made for a while. */
  pause(ms = RETRY_MS): void {
    this.#retryAt = this.#pool.clock.elapsed() + ms;
  }

  /** One that is ready, or that is being made and will be ready sooner than another. */
  async take(): Promise<WarmMember | undefined> {
    this.#arrivals = this.#decayed() + 1;
    this.#arrivedAt = this.#pool.clock.elapsed();
    const ready = this.#takeReady();
    if (ready !== undefined || this.#making === undefined || this.#isAwaited) return ready;
    this.#isAwaited = true;
    await settledWithin(this.#making, this.#makeMs);
    this.#isAwaited = false;
    return this.#takeReady();
  }

  /** Makes one more. */
  async add(): Promise<void> {
    this.#making = this.#make();
    await this.#making;
    this.#making = undefined;
  }

  /** Takes those out that are dead, and those beyond so many, which waited the longest. */
  takeOut(most: number): Waiting[] {
    const alive = this.#waiting.filter(({ member }) => member.isAlive);
    const kept = most === 0 ? [] : alive.slice(-most);
    const out = this.#waiting.filter((one) => !kept.includes(one));
    this.#waiting = kept;
    return out;
  }

  #takeReady(): WarmMember | undefined {
    const at = this.#waiting.findIndex(({ member }) => member.isAlive);
    const [taken] = at < 0 ? [] : this.#waiting.splice(at, 1);
    taken?.memory[Symbol.dispose]();
    return taken?.member;
  }

  async #make(): Promise<void> {
    const { clock, onFault, promiseMemory } = this.#pool;
    const memory = promiseMemory(this.#options.memoryMb);
    if (memory === undefined) return this.pause();
    const startedAt = clock.elapsed();
    try {
      const member = await this.#options.make();
      this.#retryMs = RETRY_MS;
      this.#makeMs += (clock.elapsed() - startedAt - this.#makeMs) * NEWEST;
      if (clock.elapsed() >= this.#retryAt) this.#waiting.push({ member, memory });
      else { // Those that were there had to give way meanwhile.
        memory[Symbol.dispose]();
        await member[Symbol.asyncDispose]();
      }
    } catch (error) {
      memory[Symbol.dispose]();
      this.pause(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
      onFault(this.owner, messageOf(error));
    }
  }

  #decayed(): number {
    return this.#arrivals * Math.exp(-(this.#pool.clock.elapsed() - this.#arrivedAt) / MEMORY_MS);
  }
}

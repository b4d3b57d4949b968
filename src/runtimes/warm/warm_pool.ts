import { messageOf } from "../../core/errors.ts";
import { type ShelfConditions, type ShelfOptions, type Waiting, type WarmMember, WarmShelf } from "./warm_shelf.ts";

/** How often it is looked what is dead, idle or missing. */
const LOOK_MS = 250;
const MAX_SHELVES = 64;

/** A member for one use; disposing removes it, and lets another be made. */
export interface Lease<Member extends WarmMember> extends AsyncDisposable {
  readonly member: Member;
}

/** How the shelves of one owner stand. */
export interface PoolState {
  /** Members that wait. */
  readonly ready: number;
  /** How often one was there when it was asked for, and how often none was. */
  readonly hits: number;
  readonly misses: number;
}

/** What a pool is made from. */
export interface WarmPoolOptions extends ShelfConditions {
  /** Whether programs need the machine now. */
  isBusy(): boolean;
}

/**
 * Everything that is made ahead of time, for all runtimes: one member at a time, beside it one errand, and none of it
 * while programs need the machine. A shelf holds members of one kind, as many as arrive while one is made; what is asked
 * for rarely is made when it is asked for.
 */
export class WarmPool implements AsyncDisposable {
  readonly #options: WarmPoolOptions;
  readonly #shelves = new Map<string, WarmShelf>();
  readonly #past = new Map<string, { hits: number; misses: number }>();
  readonly #errands = new Map<object, () => Promise<void>>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #looking: Disposable;
  readonly #errandLane = new Lane(() => this.#isIdle);
  readonly #shelfLane = new Lane(() => this.#isIdle);
  #isClosed = false;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.#looking = options.clock.every(LOOK_MS, () => this.#look());
  }

  /** Has the minimum of a kind made that was not asked for yet. */
  stock<Member extends WarmMember>(kind: string, options: ShelfOptions<Member>): void {
    this.#shelf(kind, options);
    this.#work();
  }

  /**
   * One of a kind that is ready, or will be sooner than if it were made now; undefined when there is none. From then on
   * others of the kind are made when it is worth it.
   */
  async take<Member extends WarmMember>(
    kind: string,
    options: ShelfOptions<Member>,
  ): Promise<Lease<Member> | undefined> {
    if (this.#isClosed || this.#options.max === 0) return undefined;
    const shelf = this.#shelf(kind, options);
    const member = await shelf.take() as Member | undefined; // A kind is asked for with one type.
    this.count(options.owner, { wasReady: member !== undefined });
    return member && { member, [Symbol.asyncDispose]: () => this.#giveBack(member) };
  }

  /** Counts among an owner's hits and misses what it keeps ready itself, on no shelf. */
  count(owner: string, { wasReady }: { readonly wasReady: boolean }): void {
    const past = this.#pastOf(owner);
    if (wasReady) past.hits++;
    else past.misses++;
  }

  /**
   * Does something that can wait, as soon as no program needs the machine, in place of what the same one asked for
   * before. What it throws is told to nobody.
   */
  soon(who: object, errand: () => Promise<void>): void {
    this.#errands.set(who, errand);
    this.#work();
  }

  stateOf(owner: string): PoolState {
    const own = [...this.#shelves.values()].filter((shelf) => shelf.owner === owner);
    return { ready: own.reduce((total, { ready }) => total + ready, 0), ...this.#pastOf(owner) };
  }

  /** Removes every member that waits, as somebody needs its memory now; for a while no other is made. */
  async evictAll(): Promise<void> {
    for (const shelf of this.#shelves.values()) {
      shelf.pause();
      this.#remove(shelf.takeOut(0));
    }
    await Promise.all(this.#leaving);
  }

  /** Removes every member that waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#errands.clear();
    this.#looking[Symbol.dispose]();
    await Promise.all([this.#errandLane.working, this.#shelfLane.working]);
    for (const shelf of this.#shelves.values()) this.#remove(shelf.takeOut(0));
    await Promise.all(this.#leaving);
  }

  async #giveBack(member: WarmMember): Promise<void> {
    await member[Symbol.asyncDispose]();
    this.#work();
  }

  #shelf<Member extends WarmMember>(kind: string, options: ShelfOptions<Member>): WarmShelf {
    const known = this.#shelves.get(kind);
    this.#shelves.delete(kind); // The one that was asked for last stands last.
    const shelf = known ?? new WarmShelf(options, this.#options);
    this.#shelves.set(kind, shelf);
    const dispensable = [...this.#shelves].find(([, { min }]) => min === 0);
    if (this.#shelves.size > MAX_SHELVES && dispensable !== undefined) this.#forget(...dispensable);
    return shelf;
  }

  /** What is being made for it now is removed when it is there. */
  #forget(kind: string, shelf: WarmShelf): void {
    this.#shelves.delete(kind);
    shelf.pause(Number.POSITIVE_INFINITY);
    this.#remove(shelf.takeOut(0));
  }

  #pastOf(owner: string): { hits: number; misses: number } {
    const past = this.#past.get(owner) ?? { hits: 0, misses: 0 };
    this.#past.set(owner, past);
    return past;
  }

  #look(): void {
    for (const [kind, shelf] of this.#shelves) {
      if (shelf.min === 0 && shelf.isIdle) this.#forget(kind, shelf); // Nor is it remembered what it was made with.
      else this.#remove(shelf.takeOut(shelf.wanted));
    }
    this.#work();
  }

  /** Members that nobody gets any more. Their memory is another's when they are gone. */
  #remove(out: readonly Waiting[]): void {
    for (const { member, memory } of out) {
      const leaving = Promise.resolve(member[Symbol.asyncDispose]())
        .catch((error: unknown) => this.#options.onFault("a member cannot be removed", messageOf(error)))
        .finally(() => {
          memory[Symbol.dispose]();
          this.#leaving.delete(leaving);
        });
      this.#leaving.add(leaving);
    }
  }

  #work(): void {
    this.#errandLane.work(() => this.#nextErrand());
    this.#shelfLane.work(() => this.#neediest());
  }

  get #isIdle(): boolean {
    return !this.#isClosed && !this.#options.isBusy();
  }

  #nextErrand(): (() => Promise<void>) | undefined {
    for (const [who, errand] of this.#errands) {
      this.#errands.delete(who);
      return errand;
    }
    return undefined;
  }

  #neediest(): (() => Promise<void>) | undefined {
    const [shelf] = [...this.#shelves.values()].filter(({ lacks }) => lacks > 0).toSorted((a, b) => b.lacks - a.lacks);
    return shelf && (() => shelf.add());
  }
}

/** Does one thing after the other, as long as it may. */
class Lane {
  working: Promise<void> = Promise.resolve();
  readonly #mayGoOn: () => boolean;
  #isWorking = false;

  constructor(mayGoOn: () => boolean) {
    this.#mayGoOn = mayGoOn;
  }

  work(takeNext: () => (() => Promise<void>) | undefined): void {
    if (!this.#isWorking) this.working = this.#workOff(takeNext);
  }

  async #workOff(takeNext: () => (() => Promise<void>) | undefined): Promise<void> {
    this.#isWorking = true;
    while (this.#mayGoOn()) {
      const next = takeNext();
      if (next === undefined) break;
      await next().catch(() => {}); // Whoever needs it goes without.
    }
    this.#isWorking = false;
  }
}

import { CodeBeakerError } from "../core/errors.ts";
import { Semaphore } from "./semaphore.ts";

/** What bounds the turns. */
export interface OwnerTurnsOptions {
  /** How many owners may have theirs at a time. */
  readonly max: number;
  /** How many may wait, of one owner and of all. */
  readonly maxOwnWaiting: number;
  readonly maxWaiting: number;
}

interface Owner {
  readonly turns: Semaphore;
  /** How many have a turn or wait for one. */
  count: number;
}

/** Turns at something costly: each owner has one at a time, so that nobody waits behind all that another has asked for. */
export class OwnerTurns {
  readonly #options: OwnerTurnsOptions;
  readonly #all: Semaphore;
  readonly #owners = new Map<string, Owner>();
  /** The same of all owners. */
  #count = 0;

  constructor(options: OwnerTurnsOptions) {
    this.#options = options;
    this.#all = new Semaphore(options.max);
  }

  /**
   * A turn, which whoever asked for it disposes of.
   *
   * @throws {CodeBeakerError} `busy` when too many wait
   * @throws the reason of `signal` when it is aborted first
   */
  async take(name: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Disposable> {
    using taken = new DisposableStack();
    const owner = taken.adopt(this.#enter(name), (owner) => this.#leave(name, owner));
    taken.use(await owner.turns.acquire(options));
    taken.use(await this.#all.acquire(options));
    return taken.move();
  }

  #enter(name: string): Owner {
    const { max, maxOwnWaiting, maxWaiting } = this.#options;
    const owner = this.#owners.get(name) ?? { turns: new Semaphore(1), count: 0 };
    if (owner.count > maxOwnWaiting) throw tooMany(`${maxOwnWaiting} others of the same session wait`);
    if (this.#count >= max + maxWaiting) throw tooMany(`${maxWaiting} others wait`);
    this.#owners.set(name, owner);
    owner.count++;
    this.#count++;
    return owner;
  }

  #leave(name: string, owner: Owner): void {
    this.#count--;
    if (--owner.count === 0) this.#owners.delete(name);
  }
}

function tooMany(why: string): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot do this now as ${why}`, { details: { retryAfterMs: 1_000 } });
}

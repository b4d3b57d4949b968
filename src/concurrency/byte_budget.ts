import { CodeBeakerError } from "../core/errors.ts";

/** What is no longer than this is small, and has room of its own: what is large never leaves it none. */
const SMALL_BYTES = 65_536;
const SMALL_SHARE = 0.25;

/** What a budget allows of what is large; for what is small there is a quarter more. */
export interface ByteBudgetOptions {
  /** For all owners together. */
  readonly maxBytes: number;
  /** For each of them. */
  readonly maxOwnerBytes: number;
}

/** How many bytes of requests the service may hold at a time, while they come and for as long as they wait. */
export class ByteBudget {
  readonly #large: Room;
  readonly #small: Room;

  constructor({ maxBytes, maxOwnerBytes }: ByteBudgetOptions) {
    this.#large = new Room({ maxBytes, maxOwnerBytes });
    this.#small = new Room({ maxBytes: maxBytes * SMALL_SHARE, maxOwnerBytes: maxOwnerBytes * SMALL_SHARE });
  }

  /** How many bytes are held. */
  get heldBytes(): number {
    return this.#large.heldBytes + this.#small.heldBytes;
  }

  /** What a request of this owner holds, which is nothing yet; whoever asks for it disposes of it. */
  lease(owner: string): ByteLease {
    return new ByteLease(owner, (bytes) => bytes <= SMALL_BYTES ? this.#small : this.#large);
  }
}

/** What one request holds; disposing gives it back, at once or when all that keeps it has settled. */
export class ByteLease implements Disposable {
  readonly #owner: string;
  readonly #roomFor: (bytes: number) => Room;
  #bytes = 0;
  /** Whoever made it, and everything that keeps it. */
  #holders = 1;
  #isDisposed = false;

  constructor(owner: string, roomFor: (bytes: number) => Room) {
    this.#owner = owner;
    this.#roomFor = roomFor;
  }

  /** Holds at least so many bytes from now on. @throws {CodeBeakerError} `busy` when they are not free */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    const [from, to] = [this.#roomFor(this.#bytes), this.#roomFor(bytes)];
    to.take(this.#owner, from === to ? bytes - this.#bytes : bytes);
    if (from !== to) from.giveBack(this.#owner, this.#bytes);
    this.#bytes = bytes;
  }

  /** Keeps what is held until then, also when it is disposed of before. */
  keepUntil(settled: Promise<unknown>): void {
    this.#holders++;
    const leave = () => this.#leave();
    settled.then(leave, leave);
  }

  [Symbol.dispose](): void {
    if (!this.#isDisposed) this.#leave();
    this.#isDisposed = true;
  }

  #leave(): void {
    if (--this.#holders > 0) return;
    this.#roomFor(this.#bytes).giveBack(this.#owner, this.#bytes);
    this.#bytes = 0;
  }
}

/** One part of a budget. */
class Room {
  readonly #max: ByteBudgetOptions;
  readonly #ofOwner = new Map<string, number>();
  heldBytes = 0;

  constructor(max: ByteBudgetOptions) {
    this.#max = max;
  }

  /** @throws {CodeBeakerError} `busy` */
  take(owner: string, bytes: number): void {
    const { maxBytes, maxOwnerBytes } = this.#max;
    const own = this.#ofOwner.get(owner) ?? 0;
    if (own + bytes > maxOwnerBytes) throw noRoom(`this tenant's may be ${maxOwnerBytes} bytes together`);
    if (this.heldBytes + bytes > maxBytes) throw noRoom(`all of them may be ${maxBytes} bytes together`);
    this.#ofOwner.set(owner, own + bytes);
    this.heldBytes += bytes;
  }

  giveBack(owner: string, bytes: number): void {
    const left = (this.#ofOwner.get(owner) ?? 0) - bytes;
    if (left > 0) this.#ofOwner.set(owner, left);
    else this.#ofOwner.delete(owner);
    this.heldBytes -= bytes;
  }
}

function noRoom(why: string): CodeBeakerError {
  const message = `Cannot take the request now as requests that come or wait hold too much memory: ${why}`;
  return new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } });
}

import { CodeBeakerError } from "../core/errors.ts";

/** Size up to which requests have a budget of their own. Large requests cannot exhaust it. */
const SMALL_BYTES = 65_536;
const SMALL_SHARE = 0.25;

/** The bounds of large requests. Small ones have a quarter more. */
export interface ByteBudgetOptions {
  /** Bytes for all owners together. */
  readonly maxBytes: number;
  /** Bytes for each owner. */
  readonly maxOwnerBytes: number;
}

/** Bounds the bytes of requests that the service holds. It counts them while they arrive and while they wait. */
export class ByteBudget {
  readonly #large: Share;
  readonly #small: Share;

  constructor({ maxBytes, maxOwnerBytes }: ByteBudgetOptions) {
    this.#large = new Share({ maxBytes, maxOwnerBytes });
    this.#small = new Share({ maxBytes: maxBytes * SMALL_SHARE, maxOwnerBytes: maxOwnerBytes * SMALL_SHARE });
  }

  /** How many bytes are held. */
  get heldBytes(): number {
    return this.#large.heldBytes + this.#small.heldBytes;
  }

  /** Opens an empty lease for a request. The caller disposes of it. */
  lease(owner: string): ByteLease {
    return new ByteLease(owner, (bytes) => bytes <= SMALL_BYTES ? this.#small : this.#large);
  }
}

/**
 * The bytes that one request holds. They are given back after the lease is disposed of and everything in {@link
 * keepUntil} has settled.
 */
export class ByteLease implements Disposable {
  readonly #owner: string;
  readonly #shareFor: (bytes: number) => Share;
  #bytes = 0;
  /** Number of holders: the creator, and every promise that keeps the lease. */
  #holders = 1;
  #isDisposed = false;

  constructor(owner: string, shareFor: (bytes: number) => Share) {
    this.#owner = owner;
    this.#shareFor = shareFor;
  }

  /** The bytes that it holds now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it holds more than a small request. */
  get isLarge(): boolean {
    return this.#bytes > SMALL_BYTES;
  }

  /**
   * Grows to a number of bytes.
   *
   * @throws {CodeBeakerError} `busy` when the bytes are not free; `too_large` when they never are
   */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    const [from, to] = [this.#shareFor(this.#bytes), this.#shareFor(bytes)];
    to.checkSize(bytes);
    to.take(this.#owner, from === to ? bytes - this.#bytes : bytes);
    if (from !== to) from.giveBack(this.#owner, this.#bytes);
    this.#bytes = bytes;
  }

  /**
   * Grows by a number of bytes.
   *
   * @throws {CodeBeakerError} as {@link growTo} does
   */
  growBy(bytes: number): void {
    this.growTo(this.#bytes + bytes);
  }

  /** Keeps the bytes until a promise settles, even after disposal. */
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
    this.#shareFor(this.#bytes).giveBack(this.#owner, this.#bytes);
    this.#bytes = 0;
  }
}

/** One part of a budget. */
class Share {
  readonly #max: ByteBudgetOptions;
  readonly #ofOwner = new Map<string, number>();
  heldBytes = 0;

  constructor(max: ByteBudgetOptions) {
    this.#max = max;
  }

  /** Refuses what is more than an owner may ever hold. @throws {CodeBeakerError} `too_large` */
  checkSize(bytes: number): void {
    const most = Math.min(this.#max.maxOwnerBytes, this.#max.maxBytes);
    if (bytes <= most) return;
    const message = `Cannot hold the request and its answer as they take ${bytes} bytes of memory, at most ${most}`;
    throw new CodeBeakerError("too_large", message);
  }

  /** @throws {CodeBeakerError} `busy` */
  take(owner: string, bytes: number): void {
    const { maxBytes, maxOwnerBytes } = this.#max;
    const own = this.#ofOwner.get(owner) ?? 0;
    if (own + bytes > maxOwnerBytes) throw exhausted(`this tenant's requests may hold ${maxOwnerBytes} bytes together`);
    if (this.heldBytes + bytes > maxBytes) throw exhausted(`all requests may hold ${maxBytes} bytes together`);
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

function exhausted(why: string): CodeBeakerError {
  const message = `Cannot take the request now as other requests hold too much memory: ${why}`;
  return new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } });
}

import { settledWithin } from "../../concurrency/delay.ts";
import type { RuntimeHost } from "../port.ts";
import { holdIdle } from "./hold_idle.ts";
import type { WarmMember } from "./warm_member.ts";

/** Options of a slot. */
export interface WarmSlotOptions {
  /** The budget that lends memory to a warm process; undefined where memory is not counted. */
  readonly budget: RuntimeHost["memory"];
  /** The memory of one warm process. */
  readonly memoryMb: number;
  /** How long a program waits at most for a starting process, in ms. A cold start takes at least as long. */
  readonly maxWaitMs: number;
}

/** How a process for the slot is started. */
export interface WarmStart<Process, Request> {
  /** Whether the process can serve a request. */
  serves(request: Request): boolean;
  start(): Promise<Process>;
}

/** The warm process. Until it is taken, it holds its memory and a timer that ends it. */
interface Warm<Process, Request> extends Pick<WarmStart<Process, Request>, "serves"> {
  readonly process: Process;
  readonly held: DisposableStack;
}

interface Starting<Process, Request> extends Pick<WarmStart<Process, Request>, "serves"> {
  readonly settled: Promise<void>;
  /** Whether the process is to end as soon as it is warm. */
  isUnwanted: boolean;
}

/** The slot for the one warm process of an environment. Disposing ends the process. */
export class WarmSlot<Process extends WarmMember, Request> implements AsyncDisposable {
  readonly #options: WarmSlotOptions;
  #warm: Warm<Process, Request> | undefined;
  #starting: Starting<Process, Request> | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  constructor(options: WarmSlotOptions) {
    this.#options = options;
  }

  /** Whether there is a warm process. */
  get isAlive(): boolean {
    return this.#warm?.process.isAlive === true;
  }

  /** Whether a process that serves this request is warm or starting. */
  has(request: Request): boolean {
    return this.#starting?.serves(request) === true || (this.isAlive && this.#warm?.serves(request) === true);
  }

  /**
   * Starts a process in place of the warm one, if the budget has memory. It is kept for a minute.
   *
   * @throws the error of `start`
   */
  async prepare(how: WarmStart<Process, Request>): Promise<void> {
    using held = this.#hold();
    if (held !== undefined) await this.#start(how, held.move());
  }

  /**
   * Starts a process in place of the warm one. The caller counts its memory, and the process does not expire before
   * {@link keep}.
   *
   * @throws the error of `start`
   */
  async start(how: WarmStart<Process, Request>): Promise<void> {
    await this.#start(how, new DisposableStack());
  }

  /** Keeps the warm process for a minute from now. Ends it if the budget has no memory for it. */
  async keep(): Promise<void> {
    using held = this.#hold();
    if (held === undefined) return await this.clear();
    if (this.#warm === undefined || !this.isAlive) return;
    this.#warm.held.dispose();
    this.#warm = { ...this.#warm, held: held.move() };
  }

  /** Takes the warm process if it serves this request; the caller then owns it. Any other process is ended. */
  async take(request: Request): Promise<Process | undefined> {
    if (this.#starting?.serves(request) === true) await this.#started();
    const warm = this.#warm;
    if (warm === undefined || !warm.process.isAlive || !warm.serves(request)) {
      this.#end();
      return undefined;
    }
    this.#warm = undefined;
    warm.held.dispose();
    return warm.process;
  }

  /** The warm process, which stays in the slot. */
  async peek(): Promise<Process | undefined> {
    await this.#started();
    return this.#warm?.process;
  }

  /** Ends the warm process, and one that is starting as soon as it is warm. */
  async clear(): Promise<void> {
    if (this.#starting !== undefined) this.#starting.isUnwanted = true;
    this.#end();
    await this.#ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#starting?.settled;
    await this.clear();
  }

  async #start({ serves, start }: WarmStart<Process, Request>, lent: DisposableStack): Promise<void> {
    using held = lent;
    const before = this.#starting?.settled;
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const starting = { serves, settled, isUnwanted: false };
    this.#starting = starting;
    try {
      await before;
      if (this.#isDisposed || starting.isUnwanted) return;
      this.#end();
      await this.#ending;
      const process = await start();
      this.#warm = { process, serves, held: held.move() };
      if (this.#isDisposed || starting.isUnwanted) this.#end();
      await this.#ending;
    } finally {
      if (this.#starting === starting) this.#starting = undefined;
      resolve();
    }
  }

  async #started(): Promise<void> {
    if (this.#starting !== undefined) await settledWithin(this.#starting.settled, this.#options.maxWaitMs);
  }

  /** Memory for a warm process, and a timer that ends it. Undefined when the budget has no memory for it. */
  #hold(): DisposableStack | undefined {
    const { budget, memoryMb } = this.#options;
    return holdIdle({ budget, memoryMb, onExpired: () => this.clear() });
  }

  #end(): void {
    const warm = this.#warm;
    this.#warm = undefined;
    if (warm === undefined) return;
    warm.held.dispose();
    this.#ending = Promise.all([this.#ending, warm.process[Symbol.asyncDispose]()]);
  }
}

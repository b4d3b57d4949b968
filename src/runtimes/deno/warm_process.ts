import { settledWithin } from "../../concurrency/delay.ts";
import type { DenoProcess } from "./deno_process.ts";

/** What a process that waits takes of memory, in MB: most of it is of the binary, and shared. */
export const WARM_MEMORY_MB = 16;
/** How long a process is kept for which nothing comes, in ms. */
const KEPT_MS = 60_000;
/** How long a program waits at most for a process that is coming up, in ms. */
const COMING_MS = 100;

interface Held {
  readonly process: DenoProcess;
  /** What it holds as long as it waits. */
  readonly lent: Disposable;
}

/** For which programs one is to wait, and what it holds meanwhile. */
export interface WaitingRequest {
  readonly key: string;
  readonly memory?: Disposable;
}

/** The one process of an environment that waits for a program. Disposing ends it. */
export class WarmProcess implements AsyncDisposable {
  #held: Held | undefined;
  #coming: { readonly key: string; readonly over: Promise<void> } | undefined;
  #ending: Promise<void> = Promise.resolve();
  #isDisposed = false;

  /** Whether there is one. */
  get isAlive(): boolean {
    return this.#held?.process.child.isAlive === true;
  }

  /** Whether there is one for this key, or will be. */
  has(key: string): boolean {
    return this.#coming?.key === key || (this.isAlive && this.#held?.process.key === key);
  }

  /**
   * Has one wait in place of any other; with `memory`, which it holds, not for longer than a minute.
   *
   * @throws what `start` throws
   */
  async prepare(request: WaitingRequest, start: () => Promise<DenoProcess>): Promise<void> {
    const preparing = this.#prepare(request, { start, before: this.#coming?.over });
    const coming = { key: request.key, over: preparing.catch(() => {}) };
    this.#coming = coming;
    await preparing.finally(() => {
      if (this.#coming === coming) this.#coming = undefined;
    });
  }

  async #prepare(
    { memory }: WaitingRequest,
    { before, start }: { readonly before: Promise<void> | undefined; start(): Promise<DenoProcess> },
  ): Promise<void> {
    using lent = new DisposableStack();
    if (memory !== undefined) lent.use(memory);
    await before;
    if (this.#isDisposed) return;
    await this.clear();
    const process = await start();
    this.#hold(process, lent.move(), { isLent: memory !== undefined });
    if (this.#isDisposed) await this.clear();
  }

  /** Has the one that waits hold `memory` from now on, and wait for a minute more. */
  keep(memory: Disposable): void {
    using lent = new DisposableStack();
    lent.use(memory);
    const held = this.#held;
    if (held === undefined || !this.isAlive) return;
    held.lent[Symbol.dispose]();
    this.#hold(held.process, lent.move(), { isLent: true });
  }

  #hold(process: DenoProcess, lent: DisposableStack, { isLent }: { readonly isLent: boolean }): void {
    if (isLent) {
      const timer = setTimeout(() => this.clear(), KEPT_MS);
      Deno.unrefTimer(timer);
      lent.defer(() => clearTimeout(timer));
    }
    this.#held = { process, lent };
  }

  /** The one that waits for a program of this key, which is its owner's from now on; any other is ended. */
  async take(key: string): Promise<DenoProcess | undefined> {
    if (this.#coming?.key === key) await settledWithin(this.#coming.over, COMING_MS);
    const held = this.#held;
    if (held?.process.key !== key || !held.process.child.isAlive) {
      this.#endHeld();
      return undefined;
    }
    this.#held = undefined;
    held.lent[Symbol.dispose]();
    return held.process;
  }

  /** Ends the one that waits. */
  async clear(): Promise<void> {
    this.#endHeld();
    await this.#ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#coming?.over;
    await this.clear();
  }

  #endHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    held.lent[Symbol.dispose]();
    this.#ending = Promise.all([this.#ending, held.process.child[Symbol.asyncDispose]()]).then(() => {});
  }
}

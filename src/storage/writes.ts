import type { DatabaseSync } from "node:sqlite";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { log } from "../log.ts";

/** A write that may come later than it is asked for. */
export interface Write {
  /** What it takes in memory while it waits. */
  readonly bytes: number;
  perform(): void;
  /** It need not be told from memory any more: it is written, or lost. Not called for one that was written at once. */
  done?(): void;
}

/** How long others' writes are waited for where nobody else waits: at the start, and at the end. */
const LONG_MS = 5_000;
/** More is not kept in mind: beyond it, the first ones are lost. */
const MAX_WAITING_BYTES = 67_108_864;
const RETRY_MS = 1_000;
/**
 * Another's lock, a fault of the disk, a full one: what cannot be written now may be later
 * (https://www.sqlite.org/rescode.html).
 */
const PASSING = [5, 6, 8, 10, 13];

/**
 * The writes to one database, which another process may lock, and whose disk may be full. The first that this hits
 * waits a moment for the other, and the whole process with it; then, until one has succeeded, none does.
 */
export class Writes {
  readonly #database: DatabaseSync;
  readonly #patienceMs: number;
  readonly #waiting: Write[] = [];
  #waitingBytes = 0;
  #isBlocked = false;

  /** @param options.patienceMs how long a write waits for another process's */
  constructor(database: DatabaseSync, { patienceMs = LONG_MS }: { readonly patienceMs?: number | undefined } = {}) {
    this.#database = database;
    this.#patienceMs = patienceMs;
    this.#wait(patienceMs);
  }

  /** Writes now. @throws {CodeBeakerError} `busy` when that cannot be done now */
  now<T>(work: () => T): T {
    this.catchUp();
    try {
      return this.#attempt(work);
    } catch (cause) {
      if (!isPassing(cause)) throw cause;
      const message = `Cannot take this in now as it cannot be written down: ${messageOf(cause)}`;
      throw new CodeBeakerError("busy", message, { cause, details: { retryAfterMs: RETRY_MS } });
    }
  }

  /**
   * Writes now, or as soon as it can be done, in the order of the calls. Whether it was now.
   *
   * @throws what will never succeed
   */
  inTurn(write: Write): boolean {
    if (this.catchUp()) {
      try {
        this.#attempt(() => write.perform());
        return true;
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
    this.#waiting.push(write);
    this.#waitingBytes += write.bytes;
    while (this.#waitingBytes > MAX_WAITING_BYTES) this.#lose("too much waits to be written");
    return false;
  }

  /** Writes what waits, up to the first that still cannot be written. Whether that was everything. */
  catchUp(): boolean {
    for (let write = this.#waiting[0]; write !== undefined; write = this.#waiting[0]) {
      try {
        this.#attempt(() => write.perform());
        this.#shift();
      } catch (error) {
        if (isPassing(error)) return false;
        this.#lose(messageOf(error));
      }
    }
    return true;
  }

  /** Lets what is written in it wait long for others. */
  patiently<T>(work: () => T): T {
    this.#wait(LONG_MS);
    try {
      return work();
    } finally {
      this.#wait(this.#patienceMs);
    }
  }

  #attempt<T>(work: () => T): T {
    try {
      const result = work();
      if (this.#isBlocked) this.#unblock();
      return result;
    } catch (error) {
      if (isPassing(error) && !this.#isBlocked) this.#block(error);
      throw error;
    }
  }

  #block(error: unknown): void {
    this.#isBlocked = true;
    this.#wait(0);
    log.warning("nothing can be written down now, and is kept in memory", { error: messageOf(error) });
  }

  #unblock(): void {
    this.#isBlocked = false;
    this.#wait(this.#patienceMs);
    log.info("what is to be kept can be written down again", { waiting: this.#waiting.length });
  }

  #lose(error: string): void {
    log.error("something that was to be kept is lost", { error });
    this.#shift();
  }

  #shift(): void {
    const write = this.#waiting.shift();
    this.#waitingBytes -= write?.bytes ?? 0;
    write?.done?.();
  }

  #wait(ms: number): void {
    this.#database.exec(`PRAGMA busy_timeout = ${ms}`);
  }
}

function isPassing(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return PASSING.includes(code);
}

import type { DatabaseSync } from "node:sqlite";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import { inTransaction } from "./transaction.ts";

/** A write that may be deferred. */
export interface QueuedWrite {
  /** Bytes of memory that the write takes in the queue. */
  readonly bytes: number;
  perform(): void;
  /** Called when a deferred write is written, or lost. It is not called for a write that was written at once. */
  done?(): void;
}

/** How long writes are collected. */
const COLLECT_MS = 50;

/**
 * How long a write waits for another process. It is the default, and always holds at the start and the end of this
 * process.
 */
const LONG_BUSY_TIMEOUT_MS = 5_000;
/** Most bytes of deferred writes. Beyond it, the oldest are lost. */
const MAX_QUEUED_BYTES = 67_108_864;
const RETRY_MS = 1_000;
/** Errors that may pass: a lock, an I/O error, a full disk. Source: https://www.sqlite.org/rescode.html. */
const TRANSIENT = [5, 6, 8, 10, 13];
/** The errors that mean a lock of another process. */
const LOCKS = [5, 6];

/**
 * The writes to one database. Another process may lock the database, and its disk may be full. The first write that
 * meets this waits for the other process, and the event loop with it; from then on no write waits, until one has
 * succeeded. Disposing writes the deferred writes.
 */
export class WriteQueue implements Disposable {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #queue: QueuedWrite[] = [];
  readonly #saves: (() => () => void)[] = [];
  #queuedBytes = 0;
  #isBlocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param options.busyTimeoutMs how long a write waits for another process */
  constructor(
    database: DatabaseSync,
    { busyTimeoutMs = LONG_BUSY_TIMEOUT_MS }: { readonly busyTimeoutMs?: number | undefined } = {},
  ) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#setBusyTimeout(busyTimeoutMs);
  }

  /**
   * Writes now.
   *
   * @throws {CodeBeakerError} `busy` when the database cannot be written now
   */
  writeNow<T>(work: () => T): T {
    this.flush();
    try {
      return this.#attempt(work);
    } catch (cause) {
      if (!isTransient(cause)) throw cause;
      const message = `Cannot accept this now as the storage cannot be written: ${messageOf(cause)}`;
      throw new CodeBeakerError("busy", message, { cause, details: { retryAfterMs: RETRY_MS } });
    }
  }

  /**
   * Calls `save` before writes that may be rolled back. When they are, it calls the function that `save` returned,
   * which restores counts in memory.
   */
  onAttempt(save: () => () => void): void {
    this.#saves.push(save);
  }

  /**
   * Writes now or defers the write, in the order of the calls. Returns whether it was written now.
   *
   * @throws an error that will not pass
   */
  enqueue(write: QueuedWrite): boolean {
    if (this.flush()) {
      try {
        this.#attempt(() => write.perform());
        return true;
      } catch (error) {
        if (!isTransient(error)) throw error;
      }
    }
    this.#defer(write);
    return false;
  }

  /**
   * Defers a write for at most 50 ms, in the order of the calls. Writes collected meanwhile are written together, which
   * takes less time. A killed process loses them.
   */
  collect(write: QueuedWrite): void {
    this.#defer(write);
    this.#timer ??= setTimeout(() => this.flush(), COLLECT_MS);
  }

  /** Writes the deferred writes, up to the first that still fails. Returns whether none is left. */
  flush(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#flushTogether();
      return true;
    } catch (error) {
      // Under another process's lock no write can succeed, and each would wait for the lock again.
      return !isLock(error) && this.#flushEach();
    }
  }

  [Symbol.dispose](): void {
    if (!this.patiently(() => this.flush())) log.error("storage.writes_lost_at_end");
  }

  #defer(write: QueuedWrite): void {
    this.#queue.push(write);
    this.#queuedBytes += write.bytes;
    while (this.#queuedBytes > MAX_QUEUED_BYTES) this.#loseFirst("too many writes are deferred");
  }

  /**
   * Writes all or none.
   *
   * @throws the error of SQLite at one of the writes
   */
  #flushTogether(): void {
    if (this.#queue.length === 0) return;
    const restores = this.#saves.map((save) => save());
    try {
      this.#attempt(() => inTransaction(this.#database, () => this.#queue.forEach((write) => write.perform())));
    } catch (error) {
      for (const restore of restores) restore(); // Some writes may still succeed, each by itself.
      throw error;
    }
    while (this.#queue.length > 0) this.#shift();
  }

  #flushEach(): boolean {
    for (let write = this.#queue[0]; write !== undefined; write = this.#queue[0]) {
      try {
        this.#attempt(() => write.perform());
        this.#shift();
      } catch (error) {
        if (isTransient(error)) return false;
        this.#loseFirst(messageOf(error));
      }
    }
    return true;
  }

  /** Does work whose writes wait long for other processes. */
  patiently<T>(work: () => T): T {
    this.#setBusyTimeout(LONG_BUSY_TIMEOUT_MS);
    try {
      return work();
    } finally {
      this.#setBusyTimeout(this.#busyTimeoutMs);
    }
  }

  #attempt<T>(work: () => T): T {
    try {
      const result = work();
      if (this.#isBlocked) this.#unblock();
      return result;
    } catch (error) {
      if (isTransient(error) && !this.#isBlocked) this.#block(error);
      throw error;
    }
  }

  #block(error: unknown): void {
    this.#isBlocked = true;
    this.#setBusyTimeout(0);
    log.warning("storage.writes_deferred", { error: messageOf(error) });
  }

  #unblock(): void {
    this.#isBlocked = false;
    this.#setBusyTimeout(this.#busyTimeoutMs);
    log.info("storage.writes_resumed", { deferred: this.#queue.length });
  }

  #loseFirst(error: string): void {
    log.error("storage.write_lost", { error });
    this.#shift();
  }

  #shift(): void {
    const write = this.#queue.shift();
    this.#queuedBytes -= write?.bytes ?? 0;
    write?.done?.();
  }

  #setBusyTimeout(ms: number): void {
    this.#database.exec(`PRAGMA busy_timeout = ${ms}`);
  }
}

function isTransient(error: unknown): boolean {
  return TRANSIENT.includes(codeOf(error));
}

function isLock(error: unknown): boolean {
  return LOCKS.includes(codeOf(error));
}

/** Reads the primary result code of SQLite; 0 for another error. */
function codeOf(error: unknown): number {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
}

import { CodeBeakerError, systemCodeOf } from "../core/errors.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { MEBIBYTE } from "../core/limits.ts";
import type { ConfinedDirectory } from "../sandbox/confined_directory.ts";
import { toClientError } from "./client_errors.ts";

/** Most bytes written between two walks through a directory. It applies where the kernel does not count the size. */
const STEP_BYTES = MEBIBYTE;
/** Part of the bounds that clients' files leave free for the runtime's own files. */
const RESERVED = { bytes: 2 * MEBIBYTE, files: 64 };
/** Least cost of a file, since its name counts too. */
const LEAST_BYTES = 512;

/** The directory that a room bounds. */
type BoundedDirectory = Pick<ConfinedDirectory, "admitCode" | "bounds" | "ceiling" | "isBounded" | "usage">;

/** Bounds the service's writes into a directory for a client. No watch on a program ends such writes. */
export class DiskRoom {
  readonly #directory: BoundedDirectory;
  readonly #diskMb: number;
  readonly #slot = new Semaphore(1);
  #leftBytes: number;

  /** @param diskMb the bound, as the client knows it */
  constructor(directory: BoundedDirectory, diskMb: number) {
    this.#directory = directory;
    this.#diskMb = diskMb;
    this.#leftBytes = Math.min(STEP_BYTES, directory.bounds.bytes);
  }

  /**
   * Calls `write` if so many bytes fit. Writes go one at a time, so that each is checked against the sum of those
   * before it.
   *
   * @param options.isProgram whether the bytes are the code of the next program, which fits in a full directory too
   * @throws {CodeBeakerError} `too_large` when the bytes do not fit
   */
  async write<T>(
    bytes: number,
    write: () => T | Promise<T>,
    { isProgram = false }: { readonly isProgram?: boolean } = {},
  ): Promise<T> {
    using _slot = await this.#slot.acquire();
    await this.#take(Math.max(bytes, LEAST_BYTES), isProgram);
    return await write();
  }

  /** Makes room for the code of a program, and for its file. */
  async admitCode(): Promise<void> {
    await this.#directory.admitCode();
  }

  async #take(bytes: number, isProgram: boolean): Promise<void> {
    const { bounds, ceiling, isBounded } = this.#directory;
    if (isBounded || bytes > this.#leftBytes) { // Where the kernel counts, reading the usage costs nothing.
      const used = await this.#directory.usage();
      const most = { bytes: bounds.bytes - RESERVED.bytes, files: bounds.files - RESERVED.files };
      const end = isProgram ? ceiling : most;
      if (used.bytes + bytes > end.bytes || used.files >= end.files) throw this.#full();
      this.#leftBytes = Math.max(bytes, Math.min(STEP_BYTES, most.bytes - used.bytes));
    }
    this.#leftBytes -= bytes;
  }

  /** Turns a file system error into the client's error. A full directory is `too_large`. */
  explain(error: unknown, path: string): unknown {
    const isFull = this.#directory.isBounded && systemCodeOf(error) === "ENOSPC";
    return isFull ? this.#full(error, path) : toClientError(error, path);
  }

  #full(cause?: unknown, path?: string): CodeBeakerError {
    const what = path === undefined ? "so much" : JSON.stringify(path);
    const message =
      `Cannot write ${what} as the workspace may hold at most ${this.#diskMb} MB (its limit diskMb): delete files first, or open the session with a larger limits.diskMb`;
    return new CodeBeakerError("too_large", message, { cause });
  }
}

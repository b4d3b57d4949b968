import { CodeBeakerError } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import type { ConfinedDirectory } from "../sandbox/confined_directory.ts";
import { systemCodeOf, translate } from "./directory_handle.ts";

/** So much may be written between two looks at what lies there, where they take a walk through all of it. */
const STEP_BYTES = MEBIBYTE;
/** Of what may lie there, so much is left to what a runtime itself keeps: in a full workspace programs still start. */
const RESERVED_BYTES = 2 * MEBIBYTE;
/** What a file takes at least: its name counts too. */
const LEAST_BYTES = 512;

/**
 * What the service itself may still write into a directory of bounded size for a client: no watch on a program stops
 * that.
 */
export class DiskRoom {
  readonly #directory: Pick<ConfinedDirectory, "bounds" | "isBounded" | "usage">;
  readonly #diskMb: number;
  #leftBytes: number;

  /** @param diskMb the bound, as the client knows it */
  constructor(directory: Pick<ConfinedDirectory, "bounds" | "isBounded" | "usage">, diskMb: number) {
    this.#directory = directory;
    this.#diskMb = diskMb;
    this.#leftBytes = Math.min(STEP_BYTES, directory.bounds.bytes);
  }

  /** Is to be called before so many bytes are written. @throws {CodeBeakerError} `too_large` when they would not fit */
  async take(bytes: number): Promise<void> {
    const { bounds, isBounded } = this.#directory;
    const taken = Math.max(bytes, LEAST_BYTES);
    if (isBounded || taken > this.#leftBytes) { // Where the kernel counts, it tells at once.
      const { bytes: usedBytes, files } = await this.#directory.usage();
      const freeBytes = bounds.bytes - RESERVED_BYTES - usedBytes;
      if (taken > freeBytes || files >= bounds.files) throw this.#full();
      this.#leftBytes = Math.max(taken, Math.min(STEP_BYTES, freeBytes));
    }
    this.#leftBytes -= taken;
  }

  /** As {@link translate}, where a directory that is full is the caller's, and not this machine's. */
  explain(error: unknown, path: string): unknown {
    const isFull = this.#directory.isBounded && systemCodeOf(error) === "ENOSPC";
    return isFull ? this.#full(error, path) : translate(error, path);
  }

  #full(cause?: unknown, path?: string): CodeBeakerError {
    const what = path === undefined ? "this" : JSON.stringify(path);
    const message = `Cannot write ${what} as the workspace may hold at most ${this.#diskMb} MB (its limit diskMb)`;
    return new CodeBeakerError("too_large", message, { cause });
  }
}

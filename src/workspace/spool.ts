import * as fs from "node:fs";
import { join } from "@std/path";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { type ByteRange, readRange } from "./read_range.ts";

/**
 * A buffer in an unnamed file, which the kernel removes when the process ends. Disposing frees its disk space; its
 * readers must have ended before.
 */
export class Spool implements Disposable {
  readonly #fd: number;
  #size = 0;
  #isDisposed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param directory the directory on whose disk the buffer lies */
  static open(directory: string): Spool {
    const path = join(directory, `spool-${crypto.randomUUID()}`);
    return translateErrors(() => {
      const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600);
      fs.unlinkSync(path);
      return new Spool(fd);
    });
  }

  /** The size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` when the disk is full */
  append(bytes: Uint8Array): void {
    translateErrors(() => fs.writeFileSync(this.#fd, bytes));
    this.#size += bytes.length;
  }

  /** Reads a part. Default: everything. */
  read(range: ByteRange = { offset: 0, length: this.#size }): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return readRange(this.#fd, range);
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    fs.closeSync(this.#fd);
  }
}

function translateErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot keep an upload now: ${messageOf(cause)}`, { cause });
  }
}

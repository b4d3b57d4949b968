import * as fs from "node:fs";
import { join } from "@std/path";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { type ByteRange, readRange } from "./read_range.ts";

/**
 * Bytes that wait in a file without a name: whatever becomes of this process, the kernel removes it. Disposing gives its
 * room back, and is not to be done before whoever reads it has ended.
 */
export class Spool implements Disposable {
  readonly #fd: number;
  #size = 0;
  #isDisposed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param directory where it takes its room */
  static open(directory: string): Spool {
    const path = join(directory, `spool-${crypto.randomUUID()}`);
    return atWork(() => {
      const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600);
      fs.unlinkSync(path);
      return new Spool(fd);
    });
  }

  /** How many bytes it holds. */
  get size(): number {
    return this.#size;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` when this machine has no room for them */
  append(bytes: Uint8Array): void {
    atWork(() => fs.writeFileSync(this.#fd, bytes));
    this.#size += bytes.length;
  }

  /** A part of it; absent, all of it. */
  read(range: ByteRange = { offset: 0, length: this.#size }): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return readRange(this.#fd, range);
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    fs.closeSync(this.#fd);
  }
}

function atWork<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot keep an upload now: ${messageOf(cause)}`, { cause });
  }
}

import * as fs from "node:fs";
import { toClientError } from "./client_errors.ts";

const CHUNK_BYTES = 65_536;

/** A part of an open file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Reads exactly `length` bytes of an open file, with zeros after its end. The caller closes the file. */
export async function* readRange(fd: number, { offset, length }: ByteRange): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let hasEnded = false;
  for (let done = 0; done < length;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length - done));
    const count: number = hasEnded ? 0 : await readAt(fd, { buffer, position: offset + done });
    hasEnded ||= count === 0;
    const bytes = hasEnded ? buffer : buffer.subarray(0, count);
    done += bytes.length;
    yield bytes;
  }
}

/**
 * Streams a part of a file, up to its end. The stream owns the descriptor, and closes it at the end, on failure and
 * when it is cancelled. A failure is the client's error about the path.
 */
export function streamRange(
  fd: number,
  { length, offset, path }: ByteRange & { readonly path: string },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let [position, left] = [offset, length];
  let isReading = false;
  let isCancelled = false;

  async function next(): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, left));
    isReading = true;
    try {
      const count = left === 0 ? 0 : await readAt(fd, { buffer, position });
      if (count === 0 || isCancelled) fs.closeSync(fd);
      return buffer.subarray(0, isCancelled ? 0 : count);
    } catch (error) {
      fs.closeSync(fd);
      throw toClientError(error, path);
    } finally {
      isReading = false;
    }
  }

  return new ReadableStream({
    async pull(controller) {
      const bytes = await next();
      if (isCancelled) return;
      if (bytes.length === 0) return controller.close();
      position += bytes.length;
      left -= bytes.length;
      controller.enqueue(bytes);
    },
    cancel() {
      isCancelled = true;
      if (!isReading) fs.closeSync(fd);
    },
  }, { highWaterMark: 0 });
}

/** Reads from a position into a buffer. 0 bytes mean the end of the file. */
export function readAt(
  fd: number,
  { buffer, position }: { readonly buffer: Uint8Array; readonly position: number },
): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(fd, buffer, 0, buffer.length, position, (error, count) => error ? reject(error) : resolve(count))
  );
}

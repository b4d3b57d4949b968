import * as fs from "node:fs";

const CHUNK_BYTES = 65_536;

/** A part of an open file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of a part of an open file, which the caller closes. They are exactly as many as was asked for: where the
 * file ends before, zeros take the place of what is missing.
 */
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
 * The bytes of a part of a file, as many as there are, as a stream. The stream takes the descriptor over: it is closed
 * when all has been read, when reading fails, and when the stream is cancelled.
 */
export function streamRange(fd: number, { offset, length }: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
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
      throw error;
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

/** Reads what there is from a position on, as much as the buffer takes; 0 bytes mean the end. */
export function readAt(
  fd: number,
  { buffer, position }: { readonly buffer: Uint8Array; readonly position: number },
): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(fd, buffer, 0, buffer.length, position, (error, count) => error ? reject(error) : resolve(count))
  );
}

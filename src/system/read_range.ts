import * as fs from "node:fs";

const CHUNK_BYTES = 65_536;

/** A part of an open file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of a part of an open file, which the caller closes. They are exactly as many as was asked for: where the file ends
 * before, zeros take the place of what is missing.
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

function readAt(
  fd: number,
  { buffer, position }: { readonly buffer: Uint8Array; readonly position: number },
): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(fd, buffer, 0, buffer.length, position, (error, count) => error ? reject(error) : resolve(count))
  );
}

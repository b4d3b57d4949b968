import { concatBytes } from "./bytes.ts";

/** The kept bytes of a stream: its head and its tail. A gap may lie between them. */
export interface KeptBytes {
  readonly head: Uint8Array;
  /** Bytes between head and tail that are not kept. */
  readonly gapBytes: number;
  /** The end, in parts. */
  readonly tail: readonly Uint8Array[];
}

/** The length of the whole stream. */
export function streamLength({ head, gapBytes, tail }: KeptBytes): number {
  return tail.reduce((sum, { length }) => sum + length, head.length + gapBytes);
}

/**
 * Reads at most `maxBytes` from an offset of the stream on, up to the gap. The bytes begin at `at`: behind the gap when
 * the offset lies in it.
 */
export function readKept(
  { head, gapBytes, tail }: KeptBytes,
  { offset, maxBytes }: { readonly offset: number; readonly maxBytes: number },
): { readonly at: number; readonly bytes: Uint8Array } {
  const gapEnd = head.length + gapBytes;
  if (gapBytes === 0) return { at: offset, bytes: readParts([head, ...tail], { offset, maxBytes }) };
  if (offset < head.length) return { at: offset, bytes: readParts([head], { offset, maxBytes }) };
  const at = Math.max(offset, gapEnd);
  return { at, bytes: readParts(tail, { offset: at - gapEnd, maxBytes }) };
}

function readParts(
  parts: readonly Uint8Array[],
  { offset, maxBytes }: { readonly offset: number; readonly maxBytes: number },
): Uint8Array {
  const read: Uint8Array[] = [];
  let skip = offset;
  let room = maxBytes;
  for (const part of parts) {
    const piece = part.subarray(skip, skip + room);
    read.push(piece);
    skip = Math.max(skip - part.length, 0);
    room -= piece.length;
  }
  return concatBytes(read);
}

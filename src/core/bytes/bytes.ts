/** Joins pieces; returns the only non-empty one without a copy. */
export function concatBytes<Memory extends ArrayBufferLike>(
  parts: readonly Uint8Array<Memory>[],
): Uint8Array<Memory | ArrayBuffer> {
  const [only, ...others] = parts.filter(({ length }) => length > 0);
  if (only === undefined || others.length === 0) return only ?? new Uint8Array();
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The size that a buffer needs, and its bound. */
export interface BufferSize {
  readonly neededBytes: number;
  readonly maxBytes: number;
}

/** Returns a buffer with the same bytes and the needed size. It doubles the size, so that small pieces cost little. */
export function growBuffer(
  buffer: Uint8Array<ArrayBuffer>,
  { neededBytes, maxBytes }: BufferSize,
): Uint8Array<ArrayBuffer> {
  if (buffer.length >= Math.min(neededBytes, maxBytes)) return buffer;
  const larger = new Uint8Array(Math.min(Math.max(neededBytes, 2 * buffer.length), maxBytes));
  larger.set(buffer);
  return larger;
}

/** Pieces as one; where only one of them holds anything, that is given back as it is, and not copied. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
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

/** How long a buffer has to be. */
export interface Room {
  readonly neededBytes: number;
  readonly maxBytes: number;
}

/** A buffer with the same bytes and room for so many, at most `maxBytes`; it doubles, so that small pieces cost little. */
export function growBuffer(buffer: Uint8Array<ArrayBuffer>, { neededBytes, maxBytes }: Room): Uint8Array<ArrayBuffer> {
  if (buffer.length >= Math.min(neededBytes, maxBytes)) return buffer;
  const larger = new Uint8Array(Math.min(Math.max(neededBytes, 2 * buffer.length), maxBytes));
  larger.set(buffer);
  return larger;
}

/** The longest part of a character that can be unfinished. */
const MAX_UNFINISHED = 3;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The number of bytes at the end that begin a character without finishing it. Decoding can stop before these bytes and
 * go on with them later, with the same text.
 */
export function unfinishedLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(MAX_UNFINISHED, bytes.length); length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (isContinuation(byte)) continue;
    if (byte < 0x80) return 0;
    // A streaming decoder holds back exactly those bytes that may still become a character.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return decoder.decode(bytes.subarray(bytes.length - length), { stream: true }) === "" ? length : 0;
  }
  return 0;
}

/** The number of bytes at the start that continue a character. */
export function continuationLength(bytes: Uint8Array): number {
  let length = 0;
  while (length < Math.min(MAX_UNFINISHED, bytes.length) && isContinuation(bytes[length] ?? 0)) length++;
  return length;
}

/** Decodes bytes without changing them. A byte order mark stays; bytes that form no character become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return bytes.length === 0 ? "" : DECODER.decode(bytes);
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

import type { EncodedContent } from "../core/requests/content.ts";

/** Bytes that JSON adds to a control character, a quotation mark or a backslash. */
const ESCAPE_BYTES = 5;
const [FIRST_PRINTABLE, QUOTATION_MARK, BACKSLASH] = [0x20, 0x22, 0x5c];

/** The memory of an answer. */
export interface AnswerMemory {
  /**
   * Takes more bytes, until the answer is sent.
   *
   * @throws {CodeBeakerError} `busy` when the bytes are not free; `too_large` when they never are
   */
  growBy(bytes: number): void;
}

/** Most memory of a file in an answer: its content, and its JSON. */
export function memoryOf({ content, encoding }: EncodedContent, bytes: Uint8Array): number {
  if (encoding === "base64") return 2 * content.length;
  let escapes = 0;
  for (const byte of bytes) {
    if (byte < FIRST_PRINTABLE || byte === QUOTATION_MARK || byte === BACKSLASH) escapes++;
  }
  return 2 * content.length + bytes.length + ESCAPE_BYTES * escapes;
}

import { DOMException } from "./dom_exception.js";

const { fromCharCode } = String;
/** The most characters that are made into text at once. */
const CHUNK = 4_096;
const REPLACEMENT = 0xfffd;
const NOT_LATIN1 = "Cannot encode string: string contains characters outside of the Latin1 range";

/** Encoding's TextEncoder. */
export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    const source = String(text);
    const bytes = new Uint8Array(source.length * 3);
    return bytes.slice(0, this.encodeInto(source, bytes).written);
  }

  encodeInto(text, bytes) {
    const source = String(text);
    let read = 0;
    let written = 0;
    while (read < source.length) {
      const code = source.codePointAt(read);
      const isLone = code >= 0xd800 && code <= 0xdfff;
      const point = isLone ? REPLACEMENT : code;
      const length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (written + length > bytes.length) break;
      if (length === 1) bytes[written] = point;
      else {
        for (let at = length - 1, rest = point; at > 0; at--, rest >>= 6) bytes[written + at] = 0x80 | rest & 0x3f;
        bytes[written] = [0, 0, 0xc0, 0xe0, 0xf0][length] | point >> 6 * (length - 1);
      }
      written += length;
      read += code > 0xffff ? 2 : 1;
    }
    return { read, written };
  }

  get [Symbol.toStringTag]() {
    return "TextEncoder";
  }
}

const UTF_8 = ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"];

/** Encoding's TextDecoder, of UTF-8. */
export class TextDecoder {
  #fatal;
  #ignoreBOM;
  /** Bytes of a character of which more is to come. */
  #held = [];
  #isBegun = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!UTF_8.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`Only utf-8 is decoded here: current value is ${JSON.stringify(String(label))}`);
    }
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = new Uint8Array(), { stream = false } = {}) {
    const bytes = this.#held.length === 0 ? bytesOf(input) : Uint8Array.from([...this.#held, ...bytesOf(input)]);
    this.#held = [];
    const { codes, held } = decodeUtf8(bytes, { fatal: this.#fatal, stream });
    this.#held = held;
    const hasBom = !this.#isBegun && !this.#ignoreBOM && codes[0] === 0xfeff;
    this.#isBegun = stream && (this.#isBegun || codes.length > 0);
    let text = "";
    for (let at = hasBom ? 1 : 0; at < codes.length; at += CHUNK) {
      text += fromCharCode(...codes.slice(at, at + CHUNK));
    }
    return text;
  }

  get [Symbol.toStringTag]() {
    return "TextDecoder";
  }
}

function bytesOf(input) {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer || input instanceof SharedArrayBuffer) return new Uint8Array(input);
  throw new TypeError("Only an ArrayBuffer or a view of one is decoded");
}

/**
 * UTF-16 code units of bytes, and the bytes of a character that is not whole. It is the decoder of Encoding's section
 * 8.1.1.
 */
function decodeUtf8(bytes, { fatal, stream }) {
  const codes = [];
  let at = 0;
  const fail = () => {
    if (fatal) throw new TypeError("The encoded data is not valid");
    codes.push(REPLACEMENT);
  };
  while (at < bytes.length) {
    const first = bytes[at];
    if (first < 0x80) {
      codes.push(first);
      at++;
      continue;
    }
    const needed = first >= 0xc2 && first <= 0xdf
      ? 1
      : first >= 0xe0 && first <= 0xef
      ? 2
      : first >= 0xf0 && first <= 0xf4
      ? 3
      : 0;
    if (needed === 0) {
      fail();
      at++;
      continue;
    }
    let lower = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let upper = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    let point = first & 0xff >> needed + 2;
    let seen = 1;
    while (seen <= needed && at + seen < bytes.length && bytes[at + seen] >= lower && bytes[at + seen] <= upper) {
      point = point << 6 | bytes[at + seen] & 0x3f;
      [lower, upper] = [0x80, 0xbf];
      seen++;
    }
    if (seen <= needed) {
      if (at + seen >= bytes.length && stream) return { codes, held: [...bytes.subarray(at)] };
      fail();
    } else if (point > 0xffff) codes.push(0xd800 + (point - 0x10000 >> 10), 0xdc00 + (point & 0x3ff));
    else codes.push(point);
    at += seen;
  }
  return { codes, held: [] };
}

/** HTML's btoa(). */
export function btoa(text) {
  const source = String(text);
  const bytes = Uint8Array.from(source, (character) => {
    if (character.charCodeAt(0) > 255 || character.length > 1) {
      throw new DOMException(NOT_LATIN1, "InvalidCharacterError");
    }
    return character.charCodeAt(0);
  });
  return bytes.toBase64();
}

/** HTML's atob(). */
export function atob(text) {
  const source = String(text).replaceAll(/[\t\n\f\r ]/g, "");
  try {
    const bytes = Uint8Array.fromBase64(source, { lastChunkHandling: "loose" });
    return Array.from(bytes, (byte) => fromCharCode(byte)).join("");
  } catch {
    throw new DOMException("Failed to decode base64", "InvalidCharacterError");
  }
}

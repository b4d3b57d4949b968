import { createHash, timingSafeEqual } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 12;
/** 62^43 is just above 2^256. */
const SECRET_LENGTH = 43;
const KEY = new RegExp(`^cb_(?<id>[0-9A-Za-z]{${ID_LENGTH}})_(?<secret>[0-9A-Za-z]{${SECRET_LENGTH}})$`);

/** A key in two parts. Lists show the id; only its creation shows the secret. */
export interface Key {
  readonly id: string;
  /** 256 random bits. */
  readonly secret: string;
}

/** Makes a key from the system's source of randomness. */
export function makeKey(): Key {
  return { id: randomText(ID_LENGTH), secret: randomText(SECRET_LENGTH) };
}

/** Formats a key as clients send it: `cb_<id>_<secret>`. */
export function formatKey({ id, secret }: Key): string {
  return `cb_${id}_${secret}`;
}

/** Parses a key; undefined for any other text. */
export function parseKey(text: string): Key | undefined {
  const { id, secret } = KEY.exec(text)?.groups ?? {};
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256 in hexadecimal digits. A secret has 256 random bits, so a salt or a slow hash would add nothing. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares two hashes in constant time. */
export function isSameHash(left: string, right: string): boolean {
  const [leftBytes, rightBytes] = [Uint8Array.fromHex(left), Uint8Array.fromHex(right)];
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}

/** Draws every character with the same probability. Bytes that would favour some characters are discarded. */
function randomText(length: number): string {
  const fair = 256 - 256 % ALPHABET.length;
  let text = "";
  while (text.length < length) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    for (const byte of bytes.filter((byte) => byte < fair)) text += ALPHABET[byte % ALPHABET.length];
  }
  return text.slice(0, length);
}

/** Types of images that clients show, by their first bytes. A WebP file has a second mark. */
const MARKS: readonly (readonly [mimeType: string, ...marks: (readonly [at: number, text: string])[]])[] = [
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/gif", [0, "GIF8"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
];

/** The types that {@link imageTypeOf} knows. */
export const IMAGE_TYPES: readonly string[] = MARKS.map(([mimeType]) => mimeType);

/** Characters of base64 that hold every mark: 12 bytes. */
const HEAD_LENGTH = 16;

/** The type of an image in base64, by its first bytes. Undefined for anything else. */
export function imageTypeOf(base64: string): string | undefined {
  const head = decode(base64.slice(0, HEAD_LENGTH));
  return MARKS.find(([, ...marks]) => marks.every(([at, text]) => head.startsWith(text, at)))?.[0];
}

/** Whether a text is base64. */
export function isBase64(text: string): boolean {
  try {
    Uint8Array.fromBase64(text);
    return true;
  } catch {
    return false;
  }
}

/** The bytes as characters; none for what is no base64. */
function decode(base64: string): string {
  try {
    return String.fromCharCode(...Uint8Array.fromBase64(base64));
  } catch {
    return "";
  }
}

import fc from "fast-check";

const SURROGATES = { first: 0xd800, last: 0xdfff } as const;

/** Any code point that is a character: ASCII and other short ones often. fast-check's unit `binary` takes a second to be made. */
export const ANY_CHARACTER = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: SURROGATES.first - 1 }),
  fc.integer({ min: SURROGATES.last + 1, max: 0x10_ffff }),
).map((codePoint) => String.fromCodePoint(codePoint));

/** Any text of characters, control characters among them. */
export function anyText(constraints: { readonly minLength?: number; readonly maxLength?: number } = {}) {
  return fc.string({ ...constraints, unit: ANY_CHARACTER });
}

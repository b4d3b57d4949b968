const STRING = /"[^"\\\n]*"|'[^'\\\n]*'/.source;
const ATTRIBUTES = String.raw`\{\s*(?:\w+\s*:\s*(?:"\w*"|'\w*')\s*(?:,\s*)?)*\}`;

/** The attributes of an import. Their values are words, so that they hide no code, whatever is around them. */
const OF_DECLARATION = new RegExp(String.raw`(\b(?:from|import)\s*(?:${STRING})\s*)(with\s*${ATTRIBUTES})`, "g");
const OF_EXPRESSION = new RegExp(
  String.raw`(\bimport\s*\(\s*(?:${STRING})\s*)(,\s*\{\s*with\s*:\s*${ATTRIBUTES}\s*(?:,\s*)?\}\s*,?)`,
  "g",
);

/** Replaces the attributes of imports, which the parser does not know, by spaces. */
export function maskAttributes(text: string): string {
  if (!text.includes("with")) return text;
  const mask = (_: string, kept: string, masked: string) => kept + masked.replace(/[^\n]/g, " ");
  return text.replace(OF_DECLARATION, mask).replace(OF_EXPRESSION, mask);
}

/** Reads the attributes that follow an import's specifier. Undefined where there are none. */
export function attributesAt(text: string, offset: number): "json" | "other" | undefined {
  const [attributes] = /^\s*(?:,\s*\{\s*)?with\b\s*:?\s*\{[^{}]*\}/.exec(text.slice(offset, offset + 256)) ?? [];
  if (attributes === undefined) return undefined;
  return /\{\s*type\s*:\s*["']json["']\s*,?\s*\}$/.test(attributes) ? "json" : "other";
}

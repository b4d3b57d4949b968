/** Reads a whole number. Any other text stays unchanged, for the schema to refuse. */
export function readWhole(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Reads `true` or `false`. Any other text stays unchanged, for the schema to refuse. */
export function readBoolean(text: string): boolean | string {
  return text === "true" ? true : text === "false" ? false : text;
}

/** Splits text at commas, without empty parts. */
export function readList(text: string): string[] {
  return text.split(",").filter((part) => part !== "");
}

/** Reads the value of `allowNet`: a list, `true` or `false`. */
export function readHosts(text: string): boolean | string[] {
  const value = readBoolean(text);
  return typeof value === "boolean" ? value : readList(text);
}

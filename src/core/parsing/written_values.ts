/** A whole number as text has it; any other text stays as it is, and is refused by whoever checks it. */
export function readWhole(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** `true` or `false`; any other text stays as it is, and is refused by whoever checks it. */
export function readBoolean(text: string): boolean | string {
  return text === "true" ? true : text === "false" ? false : text;
}

/** What stands between commas; empty parts are left out. */
export function readList(text: string): string[] {
  return text.split(",").filter((part) => part !== "");
}

/** Hosts as `allowNet` takes them: a list, or `true` or `false`. */
export function readHosts(text: string): boolean | string[] {
  const value = readBoolean(text);
  return typeof value === "boolean" ? value : readList(text);
}

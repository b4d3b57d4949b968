/** Reads what this tab has kept under a name. Undefined where there is nothing, or what cannot be read. */
export function readKept(name: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "") as unknown;
  } catch {
    return undefined;
  }
}

/** Keeps a value for this tab, as far as the browser has room. */
export function keep(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    sessionStorage.removeItem(name); // It is too large.
  }
}

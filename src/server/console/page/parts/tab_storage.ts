/** Reads what this tab has kept under a name. Undefined where there is nothing, or what cannot be read. */
export function readKept(name: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "") as unknown;
  } catch {
    return undefined;
  }
}

/** Keeps a value for this tab, and says whether the browser had room. Without room, nothing is kept under the name. */
export function keep(name: string, value: unknown): boolean {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    forget(name);
    return false;
  }
}

/** Removes what is kept under a name. */
export function forget(name: string): void {
  sessionStorage.removeItem(name);
}

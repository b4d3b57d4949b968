const STORED_AS = "codebeaker.key";

/** The API key of this tab; undefined without one. It is kept until the tab closes, or as long as the browser can restore the tab. */
export function storedKey(): string | undefined {
  return sessionStorage.getItem(STORED_AS) ?? undefined;
}

/** Keeps a key for this tab, or forgets it. */
export function storeKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(STORED_AS);
  else sessionStorage.setItem(STORED_AS, key);
}

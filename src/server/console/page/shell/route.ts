/** The pages of the console, in the order of its head. */
export const PAGES = [["run", "Run"], ["notebook", "Notebook"], ["executions", "Executions"], [
  "live",
  "Live",
]] as const;

/** The name of a page. */
export type PageName = typeof PAGES[number][0];

/** A page, and the thing on it that the address names. */
export interface Route {
  readonly page: PageName;
  readonly id?: string;
}

/** Reads an address. An unknown one is that of the first page. */
export function parseRoute(hash: string): Route {
  const [name, id] = hash.replace(/^#\/?/, "").split("/");
  const page = PAGES.find(([known]) => known === name)?.[0] ?? "run";
  return id === undefined || id === "" ? { page } : { page, id };
}

/** Writes the address of a page. */
export function addressOf(page: PageName, id?: string): string {
  return id === undefined ? `#/${page}` : `#/${page}/${id}`;
}

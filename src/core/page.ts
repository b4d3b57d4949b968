import { invalidField } from "./errors.ts";

/** The position of an item in a listing, newest first. */
export interface PagePosition {
  readonly createdAt: string;
  readonly id: string;
}

/** A request for one page of a listing. */
export interface PageRequest {
  readonly limit: number;
  /** The `nextCursor` of the page before; absent for the first page. */
  readonly cursor?: string | undefined;
}

/** One page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The cursor of the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** Makes the page behind a position of candidates in any order. The newest come first by default. */
export function pageOf<Item extends PagePosition>(
  candidates: readonly Item[],
  { after, limit, order = "desc" }: {
    readonly after: PagePosition | undefined;
    readonly limit: number;
    readonly order?: "asc" | "desc";
  },
): Page<Item> {
  const sign = order === "desc" ? 1 : -1;
  const found = candidates
    .filter((item) => after === undefined || sign * compare(item, after) < 0)
    .toSorted((a, b) => sign * compare(b, a));
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}) };
}

/**
 * Parses a cursor. A cursor holds the item's time, since the item may be gone when the next page is requested.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseCursor(cursor: string, prefix: "exec" | "sess"): PagePosition {
  const [, at = "", id = ""] = /^(\d{1,15})\.([a-z]+_[0-9a-f]{32})$/.exec(cursor) ?? [];
  if (!id.startsWith(`${prefix}_`)) throw invalidField("cursor", "A cursor is the nextCursor of the page before");
  return { createdAt: new Date(Number(at)).toISOString(), id };
}

function cursorOf({ createdAt, id }: PagePosition): string {
  return `${Date.parse(createdAt)}.${id}`;
}

function compare(a: PagePosition, b: PagePosition): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

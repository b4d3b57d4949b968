import { invalidField } from "../../core/errors.ts";

/** The preferences of a client (RFC 7240). */
export interface Preferences {
  /** Whether the client wants 202 instead of waiting. */
  readonly respondAsync: boolean;
  /** How long the client waits, in ms; absent when the client does not say. */
  readonly waitMs?: number;
}

/** A preference up to its comma. A comma within quotes, closed or not, does not end it. */
const PREFERENCE = /(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^",])+/g;
/** A preference up to its parameters. */
const WITHOUT_PARAMETERS = /^(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^";])*/;
const MAX_WAIT_S = 60;

/**
 * Parses a `Prefer` header. The first of repeated preferences holds, and unknown ones have no effect.
 *
 * @throws {CodeBeakerError} `invalid_request` for a `wait` that is no whole number from 0 to 60
 */
export function parsePrefer(header: string): Preferences {
  if (header === "") return { respondAsync: false };
  const preferences = new Map<string, string>();
  for (const [preference] of header.matchAll(PREFERENCE)) {
    const [given = ""] = WITHOUT_PARAMETERS.exec(preference) ?? [];
    const [name = "", ...value] = given.split("=");
    const key = name.trim().toLowerCase();
    if (!preferences.has(key)) preferences.set(key, unquote(value.join("=").trim()));
  }
  const respondAsync = preferences.has("respond-async");
  const wait = preferences.get("wait");
  return wait === undefined ? { respondAsync } : { respondAsync, waitMs: parseWait(wait) };
}

function unquote(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}

function parseWait(wait: string): number {
  if (/^\d{1,9}$/.test(wait) && Number(wait) <= MAX_WAIT_S) return Number(wait) * 1_000;
  const given = JSON.stringify(wait.slice(0, 64));
  throw invalidField(
    "Prefer",
    `The preference wait must be a whole number of seconds from 0 to ${MAX_WAIT_S}: ${given}`,
  );
}

import { CodeBeakerError, type ErrorCode, toError } from "./errors.ts";
import type { Problem } from "./types.ts";

/** Characters of a foreign answer in an error. */
const SHOWN_CHARACTERS = 200;

/** Codes of answers without a body, as those to HEAD are. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  401: "unauthorized",
  403: "permission_denied",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  429: "busy",
  500: "internal",
};

/** Makes an answer's error: the service's problem, or the page of a proxy. */
export function toAnswerError(response: Response, text: string): CodeBeakerError {
  const { headers, status } = response;
  const problem = parseProblem(text);
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  const facts = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (problem !== undefined) return toError(problem, facts);
  const code = text === "" ? CODES[status] : undefined;
  if (code !== undefined) return new CodeBeakerError(code, `The service answered ${status}`, facts);
  if (![502, 503, 504].includes(status)) return foreignAnswer(response, text);
  const message = `Cannot reach the service behind its proxy, which answered ${status}: ${shorten(text)}`;
  return new CodeBeakerError("unreachable", message, facts);
}

export function parseProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value?.code === "string" && typeof value.detail === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Parses the header `Retry-After`: seconds or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

export function foreignAnswer({ headers, status }: Response, text: string): CodeBeakerError {
  const type = headers.get("content-type") ?? "no type";
  const message = `The answer is not one of CodeBeaker (${status}, ${type}): check the address: ${shorten(text)}`;
  return new CodeBeakerError("bad_answer", message, { status });
}

export function shorten(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}

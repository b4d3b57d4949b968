import type { HonoRequest } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { FileEntry } from "../../core/files.ts";

/** The part of a file that a request wants. It is all, a range, or a range that the file does not have. */
export type WantedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: WantedRange = { kind: "whole" };

/** The entity tag of a file. It is the file's time and size in hexadecimal digits, as nginx writes it. */
export function etagOf({ modifiedAt, size }: FileEntry): string {
  return `"${Math.abs(Date.parse(modifiedAt)).toString(16)}-${size.toString(16)}"`;
}

/** Formats the time of a file for an HTTP header. */
export function lastModifiedOf({ modifiedAt }: FileEntry): string {
  return new Date(modifiedAt).toUTCString();
}

/**
 * Whether a client's copy of a file is current: RFC 9110, section 13.
 *
 * @throws {CodeBeakerError} `conflict` when If-Match names another version of the file
 */
export function isUnchanged(request: HonoRequest, file: FileEntry): boolean {
  refuseUnmatched(request, file);
  const known = request.header("if-none-match");
  if (known !== undefined) return isAmong(known, file);
  const since = Date.parse(request.header("if-modified-since") ?? "");
  return Math.floor(Date.parse(file.modifiedAt) / 1000) * 1000 <= since;
}

/**
 * Checks the preconditions of a change to a file. The file is undefined where it does not exist.
 *
 * @throws {CodeBeakerError} `conflict` when a precondition does not hold
 */
export function checkPreconditions(request: HonoRequest, file: FileEntry | undefined): void {
  refuseUnmatched(request, file);
  const unwanted = request.header("if-none-match");
  if (unwanted === undefined || file === undefined || !isAmong(unwanted, file)) return;
  throw new CodeBeakerError("conflict", "Cannot change the file as If-None-Match names its present version");
}

function refuseUnmatched(request: HonoRequest, file: FileEntry | undefined): void {
  const wanted = request.header("if-match");
  if (wanted === undefined || (file !== undefined && isAmong(wanted, file))) return;
  const found = file === undefined ? "no file" : etagOf(file);
  throw new CodeBeakerError(
    "conflict",
    `Cannot use the file as If-Match names another version: current value is ${found}`,
  );
}

/** Finds the range that a request names. Several ranges get the whole file, as RFC 9110 permits (14.2). */
export async function wantedRange(request: HonoRequest, file: FileEntry): Promise<WantedRange> {
  const header = request.header("range");
  if (header === undefined || !isStillOf(file, request.header("if-range"))) return WHOLE;
  // @ts-types="@types/range-parser"
  const { default: rangeParser } = await import("range-parser"); // The start of a service does not wait for it.
  const ranges = rangeParser(file.size, shortenSuffix(header, file.size));
  if (ranges === -1) return { kind: "unsatisfiable" };
  const [range, ...more] = ranges === -2 || ranges.type.toLowerCase() !== "bytes" ? [] : ranges;
  if (range === undefined || more.length > 0) return WHOLE;
  return { kind: "part", offset: range.start, length: range.end - range.start + 1 };
}

/**
 * Bounds a suffix range by the size of the file. A longer suffix means the whole file (14.1.2), but the parser would
 * find nothing.
 */
function shortenSuffix(header: string, size: number): string {
  return header.replace(/^(\w+=-)(\d+)$/, (_, before, count) => `${before}${Math.min(Number(count), size)}`);
}

function isStillOf(file: FileEntry, condition: string | undefined): boolean {
  return condition === undefined || condition === etagOf(file) || condition === lastModifiedOf(file);
}

function isAmong(tags: string, file: FileEntry): boolean {
  return isTagAmong(tags, etagOf(file));
}

/** Whether a header's entity tags include one, by weak comparison (RFC 9110, 8.8.3.2). `*` includes every tag. */
export function isTagAmong(tags: string, etag: string): boolean {
  const opaque = opaqueOf(etag);
  return tags.split(",").map((tag) => tag.trim()).some((tag) => tag === "*" || opaqueOf(tag) === opaque);
}

function opaqueOf(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

// @ts-types="@types/range-parser"
import rangeParser from "range-parser";
import type { HonoRequest } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { FileEntry } from "../../core/files.ts";

/** What a request wants of a file: all of it, a part of it, or one that it does not have. */
export type WantedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: WantedRange = { kind: "whole" };

/** What tells one content of a file from another: its time and size in hexadecimal digits, as nginx does. */
export function etagOf({ modifiedAt, size }: FileEntry): string {
  return `"${Math.abs(Date.parse(modifiedAt)).toString(16)}-${size.toString(16)}"`;
}

/** The time of a file as HTTP has it. */
export function lastModifiedOf({ modifiedAt }: FileEntry): string {
  return new Date(modifiedAt).toUTCString();
}

/**
 * Whether what a client has of a file is what the file is: RFC 9110, section 13.
 *
 * @throws {CodeBeakerError} `conflict` when it wants another one than that which is there
 */
export function isUnchanged(request: HonoRequest, file: FileEntry): boolean {
  refuseUnmatched(request, file);
  const known = request.header("if-none-match");
  if (known !== undefined) return isAmong(known, file);
  const since = Date.parse(request.header("if-modified-since") ?? "");
  return Math.floor(Date.parse(file.modifiedAt) / 1000) * 1000 <= since;
}

/**
 * What a client demands of a file before it changes it; undefined is a file that is not there.
 *
 * @throws {CodeBeakerError} `conflict` when that is not so
 */
export function checkPreconditions(request: HonoRequest, file: FileEntry | undefined): void {
  refuseUnmatched(request, file);
  const unwanted = request.header("if-none-match");
  if (unwanted === undefined || file === undefined || !isAmong(unwanted, file)) return;
  throw new CodeBeakerError("conflict", "Cannot change the file as If-None-Match names what is there");
}

function refuseUnmatched(request: HonoRequest, file: FileEntry | undefined): void {
  const wanted = request.header("if-match");
  if (wanted === undefined || (file !== undefined && isAmong(wanted, file))) return;
  const found = file === undefined ? "nothing" : etagOf(file);
  throw new CodeBeakerError(
    "conflict",
    `Cannot use the file as it must be the one that If-Match names: there is ${found}`,
  );
}

/** The part of a file that a request names. Several parts at once are answered with the whole, as RFC 9110 lets (14.2). */
export function wantedRange(request: HonoRequest, file: FileEntry): WantedRange {
  const header = request.header("range");
  if (header === undefined || !isStillOf(file, request.header("if-range"))) return WHOLE;
  const ranges = rangeParser(file.size, shortenSuffix(header, file.size));
  if (ranges === -1) return { kind: "unsatisfiable" };
  const [range, ...more] = ranges === -2 || ranges.type.toLowerCase() !== "bytes" ? [] : ranges;
  if (range === undefined || more.length > 0) return WHOLE;
  return { kind: "part", offset: range.start, length: range.end - range.start + 1 };
}

/** The last bytes of a file that has fewer are all of it (14.1.2), which the parser takes for nothing. */
function shortenSuffix(header: string, size: number): string {
  return header.replace(/^(\w+=-)(\d+)$/, (_, before, count) => `${before}${Math.min(Number(count), size)}`);
}

function isStillOf(file: FileEntry, condition: string | undefined): boolean {
  return condition === undefined || condition === etagOf(file) || condition === lastModifiedOf(file);
}

function isAmong(tags: string, file: FileEntry): boolean {
  const own = etagOf(file);
  return tags.split(",").map((tag) => tag.trim()).some((tag) => tag === "*" || tag === own || tag === `W/${own}`);
}

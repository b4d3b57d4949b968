import { isObject } from "../core/parsing/json_object.ts";
import type { CellAnswer, CellError, MimeBundle } from "../core/cell.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { parseJson } from "../core/parsing/parse_json.ts";
import type { CellReport } from "../runtimes/port.ts";

/** Most bytes of a value as JSON, and of all displays of a cell together. */
export const MAX_RESULT_BYTES = 4_194_304;
/** Most characters of a value's text, and of each text about an error. */
export const MAX_TEXT_LENGTH = 32_768;
/** Most bytes of a report: a value with its text, an error, or a display. A character may take twelve bytes. */
export const MAX_REPORT_BYTES = MAX_RESULT_BYTES + MEBIBYTE;
/** Most JSON values in a report. Interpreters send at most some 20,000 in a value, and in all displays. */
const MAX_VALUES = 50_000;
const DECODER = new TextDecoder("utf-8", { fatal: true });
const KINDS: readonly string[] = ["done", "failed", "timed_out", "interrupted"] satisfies CellReport["kind"][];

/** Parses the report of a cell's end, which the program may have forged. Undefined when it is malformed. */
export function parseReport(bytes: Uint8Array): CellReport | undefined {
  const report = parseObject(bytes);
  if (report === undefined || !isKind(report.kind)) return undefined;
  const answer = answerOf(report);
  const readsStdin = report.readsStdin === true ? { readsStdin: true } : {};
  const isShort = bytes.length <= MAX_RESULT_BYTES || isWithinBounds(answer);
  return isShort ? { kind: report.kind, ...readsStdin, ...answer } : undefined;
}

/** Parses a display, which the program may have forged; undefined when it is malformed. */
export function parseDisplay(bytes: Uint8Array): MimeBundle | undefined {
  return parseObject(bytes);
}

/** Parses a report as JSON; undefined when it is no object. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = parseJson(DECODER.decode(bytes), { what: "the report of a cell", maxValues: MAX_VALUES });
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function answerOf(
  { displaysOmitted, error, text, value, valueType }: Record<string, unknown>,
): Omit<CellAnswer, "displays"> {
  const isMime = valueType === "mime" && isObject(value);
  return {
    ...(value === undefined ? {} : { value, valueType: isMime ? "mime" : "json" }),
    ...(typeof text === "string" ? { text: bound(text) } : {}),
    ...(isObject(error) ? { error: toError(error) } : {}),
    ...(Number.isSafeInteger(displaysOmitted) ? { displaysOmitted: Number(displaysOmitted) } : {}),
  };
}

function toError({ message, name, traceback }: Record<string, unknown>): CellError {
  return { name: bound(name), message: bound(message), traceback: bound(traceback) };
}

/** Cuts a text to its bound. Interpreters keep the bound; a character may have two code units. */
function bound(text: unknown): string {
  return typeof text === "string" ? text.slice(0, 2 * MAX_TEXT_LENGTH) : "";
}

function isWithinBounds({ value = null }: Pick<CellAnswer, "value">): boolean {
  return new TextEncoder().encode(JSON.stringify(value)).length <= MAX_RESULT_BYTES;
}

function isKind(kind: unknown): kind is CellReport["kind"] {
  return typeof kind === "string" && KINDS.includes(kind);
}

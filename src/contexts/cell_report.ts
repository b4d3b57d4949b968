import type { CellAnswer, MimeBundle } from "../core/cell.ts";
import { parseJson } from "../core/parsing/parse_json.ts";
import type { CellReport } from "../runtimes/port.ts";

/** The most that a value, and all displays of a cell together, may be long as JSON. */
export const MAX_RESULT_BYTES = 4_194_304;
/** The most that can be told of a cell's end: its value, its displays, and what is around them. */
export const MAX_REPORT_BYTES = 2 * MAX_RESULT_BYTES + 4_096;
/** Each costs time to read, so that interpreters keep to some 20,000 in a value, and in all displays. */
const MAX_VALUES = 50_000;
const KINDS: readonly string[] = ["done", "failed", "timed_out", "interrupted"] satisfies CellReport["kind"][];

/** What a context's process says of the end of a cell, which it may have made up; undefined for what is no report. */
export function parseReport(bytes: Uint8Array): CellReport | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const told = parseJson(text, { what: "the report of a cell", maxValues: MAX_VALUES });
    if (!isObject(told) || !isKind(told.kind)) return undefined;
    const report = { kind: told.kind, ...answerOf(told) };
    return bytes.length <= MAX_RESULT_BYTES || keepsBounds(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

function answerOf({ displays, displaysOmitted, value, valueType }: Record<string, unknown>): CellAnswer {
  const isMime = valueType === "mime" && isObject(value);
  return {
    ...(value === undefined ? {} : { value, valueType: isMime ? "mime" : "json" }),
    displays: Array.isArray(displays) ? displays.filter(isBundle) : [],
    ...(Number.isSafeInteger(displaysOmitted) ? { displaysOmitted: Number(displaysOmitted) } : {}),
  };
}

/** Whether the value and the displays are each as long as they may be, as JSON. */
function keepsBounds({ displays = [], value = null }: CellAnswer): boolean {
  const displaysBytes = displays.reduce((sum, bundle) => sum + sizeOf(bundle), 0);
  return Math.max(sizeOf(value), displaysBytes) <= MAX_RESULT_BYTES;
}

function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function isKind(kind: unknown): kind is CellReport["kind"] {
  return typeof kind === "string" && KINDS.includes(kind);
}

function isBundle(value: unknown): value is MimeBundle {
  return isObject(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { CellAnswer, MimeBundle } from "../core/cell.ts";
import { parseJson } from "../core/parsing/parse_json.ts";
import type { CellReport } from "../runtimes/port.ts";

/** Most bytes of a value as JSON, and of all displays of a cell together. */
export const MAX_RESULT_BYTES = 4_194_304;
/** Most bytes of a cell's report: its value, its displays, and their frame. */
export const MAX_REPORT_BYTES = 2 * MAX_RESULT_BYTES + 4_096;
/** Most JSON values in a report; interpreters send at most some 20,000 in a value, and in all displays. */
const MAX_VALUES = 50_000;
const KINDS: readonly string[] = ["done", "failed", "timed_out", "interrupted"] satisfies CellReport["kind"][];

/** Parses the report of a cell's end, which the program may have forged; undefined when it is malformed. */
export function parseReport(bytes: Uint8Array): CellReport | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const report = parseJson(text, { what: "the report of a cell", maxValues: MAX_VALUES });
    if (!isObject(report) || !isKind(report.kind)) return undefined;
    const answer = answerOf(report);
    return bytes.length <= MAX_RESULT_BYTES || isWithinBounds(answer) ? { kind: report.kind, ...answer } : undefined;
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

/** Whether the value and the displays are within their bounds. */
function isWithinBounds({ displays = [], value = null }: CellAnswer): boolean {
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

import type { Answer } from "./answers/answer.ts";
import type { cellAnswerSchema, cellErrorSchema, mimeBundleSchema } from "./answers/execution.ts";

/** A value in one or more forms, by MIME type. A form is text, base64 for bytes, or JSON. */
export type MimeBundle = Answer<typeof mimeBundleSchema>;

/** The type of a display that asks to clear those before it. */
export const CLEAR_OUTPUT_TYPE = "application/vnd.codebeaker.clear-output+json";

/** The mark of a display after the value of its cell. No client sees it. */
const AFTER_VALUE_TYPE = "application/vnd.codebeaker.after-value+json";

const afterValue = new WeakSet<MimeBundle>();

/** Takes the mark from a display, which {@link comesAfterValue} then knows. */
export function readDisplay(data: MimeBundle): MimeBundle {
  if (data[AFTER_VALUE_TYPE] === undefined) return data;
  const { [AFTER_VALUE_TYPE]: _mark, ...forms } = data;
  afterValue.add(forms);
  return forms;
}

/** Whether a cell has shown a display after its value. */
export function comesAfterValue(data: MimeBundle): boolean {
  return afterValue.has(data);
}

/** How a display clears; undefined for any other. With `wait`, the next output clears. */
export function clearingOf(data: MimeBundle): { readonly wait: boolean } | undefined {
  const form = data[CLEAR_OUTPUT_TYPE];
  return form === undefined ? undefined : { wait: JSON.stringify(form) === '{"wait":true}' };
}

/** The displays that are still shown at the end. Those before one that clears are not. */
export function shownDisplays(displays: readonly MimeBundle[]): MimeBundle[] {
  const last = displays.findLastIndex((data, index) =>
    clearingOf(data) !== undefined && (clearingOf(data)?.wait === false || index < displays.length - 1)
  );
  return displays.slice(last + 1).filter((data) => clearingOf(data) === undefined);
}

/** An error that a cell did not handle; long texts lack their middle. */
export type CellError = Answer<typeof cellErrorSchema>;

/** The fields of a cell's result that other programs' results lack. */
export type CellAnswer = Answer<typeof cellAnswerSchema>;

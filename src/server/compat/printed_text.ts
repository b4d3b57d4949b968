import { type Execution, failedCompile, markedText } from "../../core/execution.ts";

/** The mark on stderr where displays are left out. Undefined where none is. */
export function omittedDisplays({ displaysOmitted: omitted = 0 }: Execution): string | undefined {
  return omitted === 0 ? undefined : `[… ${omitted} displays are left out here …]\n`;
}

/** What a program printed, or its compiler that failed. A mark stands where bytes are left out. */
export function printedText(execution: Execution): { readonly stdout: string; readonly stderr: string } {
  return failedCompile(execution) ??
    { stdout: markedText(execution, "stdout"), stderr: markedText(execution, "stderr") };
}

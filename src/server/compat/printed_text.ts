import { type Execution, failedCompile, markedText } from "../../core/execution.ts";

/** What a program printed, or its compiler that failed. A mark stands where bytes are left out. */
export function printedText(execution: Execution): { readonly stdout: string; readonly stderr: string } {
  return failedCompile(execution) ??
    { stdout: markedText(execution, "stdout"), stderr: markedText(execution, "stderr") };
}

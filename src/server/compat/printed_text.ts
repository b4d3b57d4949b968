import { type Execution, failedCompile } from "../../core/execution.ts";
import { markedText } from "../http/marked_text.ts";

/** What a program printed, or its compiler that failed. A mark stands where bytes are left out. */
export function printedText(execution: Execution): { readonly stdout: string; readonly stderr: string } {
  return failedCompile(execution) ??
    { stdout: markedText(execution, "stdout"), stderr: markedText(execution, "stderr") };
}

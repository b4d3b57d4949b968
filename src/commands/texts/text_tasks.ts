import { parsePatch, type StructuredPatch } from "diff";
import { messageOf } from "../../core/errors.ts";
import { compareTexts, type Comparison, type ComparisonTask } from "./compare_texts.ts";
import { type Fit, fitHunks, type FitTask } from "./fit_hunks.ts";

/** The sections of a patch, or why it cannot be parsed. */
export type ParsedPatch = { readonly sections: StructuredPatch[] } | { readonly fault: string };

/** Tasks on texts that may take long. Their input and output can be sent to a Worker. */
export interface TextTasks {
  readonly compare: { readonly input: ComparisonTask; readonly output: Comparison };
  readonly fit: { readonly input: FitTask; readonly output: Fit };
  readonly parse: { readonly input: string; readonly output: ParsedPatch };
}

/** The name of a task in {@link TextTasks}. */
export type TextTaskKind = keyof TextTasks;

const TASKS: { readonly [Kind in TextTaskKind]: (input: TextTasks[Kind]["input"]) => TextTasks[Kind]["output"] } = {
  compare: compareTexts,
  fit: fitHunks,
  parse(patch) {
    try {
      return { sections: parsePatch(patch) };
    } catch (error) {
      return { fault: messageOf(error) };
    }
  },
};

/** Does a task; blocks its thread meanwhile. */
export function doTextTask<Kind extends TextTaskKind>(
  kind: Kind,
  input: TextTasks[Kind]["input"],
): TextTasks[Kind]["output"] {
  return TASKS[kind](input);
}

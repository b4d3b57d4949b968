import { parsePatch, type StructuredPatch } from "diff";
import { messageOf } from "../core/errors.ts";
import { compareTexts, type Comparison, type ComparisonTask } from "./compare_texts.ts";
import { type Fit, fitHunks, type FitTask } from "./fit_hunks.ts";

/** What a patch says, or why it is none. */
export type ParsedPatch = { readonly sections: StructuredPatch[] } | { readonly fault: string };

/** Work with texts that takes long where they are: what is asked and answered, both of which a Worker can be sent. */
export interface TextTasks {
  readonly compare: { readonly asked: ComparisonTask; readonly answer: Comparison };
  readonly fit: { readonly asked: FitTask; readonly answer: Fit };
  readonly parse: { readonly asked: string; readonly answer: ParsedPatch };
}

/** One of these kinds of work. */
export type TextTaskKind = keyof TextTasks;

const TASKS: { readonly [Kind in TextTaskKind]: (asked: TextTasks[Kind]["asked"]) => TextTasks[Kind]["answer"] } = {
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

/** Does a task; nothing else is done meanwhile. */
export function doTextTask<Kind extends TextTaskKind>(
  kind: Kind,
  asked: TextTasks[Kind]["asked"],
): TextTasks[Kind]["answer"] {
  return TASKS[kind](asked);
}

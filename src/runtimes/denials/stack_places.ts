/** How many lines a stack may be away from its message. */
const STACK_LINES = 80;
/** How many lines of source stand between a message and its stack. */
const SOURCE_LINES = 3;

/** The place of a stack frame in Python and ECMAScript, and of a shell's message. */
const PYTHON_PLACE = /^\s*File "\/workspace\/([^"]+)", line (\d+)/;
const SCRIPT_PLACE = /^\s*at .*?\/workspace\/([^\s()]+:\d+:\d+)\)?$/;
const SHELL_PLACE = /^(?:\/workspace\/)?([\w./-]+): line (\d+): /;

/** A line, with the place in the workspace if it is a stack frame. */
export interface StackLine {
  readonly text: string;
  readonly language?: "python" | "ecmascript";
  readonly place?: string;
}

/** Reads the place of a stack frame in a line. */
export function parseStackLine(text: string): StackLine {
  const [, file, number] = PYTHON_PLACE.exec(text) ?? [];
  if (file !== undefined) return { text, language: "python", place: `${file}:${number}` };
  const [, place] = SCRIPT_PLACE.exec(text) ?? [];
  return place === undefined ? { text } : { text, language: "ecmascript", place };
}

/**
 * Finds where the error of a line happened. Python prints the stack before the message, the innermost frame last;
 * others print it after the message.
 */
export function findErrorPlace(lines: readonly StackLine[], index: number): string | undefined {
  const [, script, scriptLine] = SHELL_PLACE.exec(lines[index]?.text ?? "") ?? [];
  if (script !== undefined) return `${script}:${scriptLine}`;
  const after = lines.slice(index + 1, index + STACK_LINES);
  const before = lines.slice(Math.max(0, index - STACK_LINES), index).toReversed();
  return firstPlace(after.filter(({ language }) => language !== "python"), { sourceLines: SOURCE_LINES }) ??
    firstPlace(before, { sourceLines: 0 });
}

/** The first place in a stack. A stack ends at the first line that is not indented. */
function firstPlace(
  lines: readonly StackLine[],
  { sourceLines }: { readonly sourceLines: number },
): string | undefined {
  for (const [distance, { text, place }] of lines.entries()) {
    if (place !== undefined) return place;
    if (distance >= sourceLines && !/^\s/.test(text)) return undefined;
  }
  return undefined;
}

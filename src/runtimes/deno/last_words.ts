import type { ReportedDenial } from "../process/spec.ts";

/** No more of what a program printed is read, since it may have been printed to be read. */
const MAX_ERRORS = 20;
const MAX_LINE_LENGTH = 500;
const MAX_FRAMES = 30;

/** How Deno says what ended a program, or a Worker of it. */
const ERROR = /^error: (?:Uncaught (?:\(in [^)]*\) )*(?:\w+: )?)?(.*)$/;

/**
 * The errors that Deno itself tells on stderr as the end of a program: those that nobody in the program could see, as
 * of modules that were not loaded and of Workers, are told nowhere else.
 */
export function readLastWords(stderr: string): ReportedDenial[] {
  const lines = stderr.split("\n").filter((line) => line.length <= MAX_LINE_LENGTH);
  const errors = lines.flatMap((line, index) => {
    const [, message] = ERROR.exec(line) ?? [];
    return message === undefined ? [] : [{ message, stack: lines.slice(index, index + MAX_FRAMES).join("\n") }];
  });
  return errors.slice(-MAX_ERRORS);
}

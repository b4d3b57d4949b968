import type { ReportedDenial } from "../process/spec.ts";

/** Bounds on the errors that are read. The program may have printed all of them on purpose. */
const MAX_ERRORS = 20;
const MAX_LINE_LENGTH = 500;
const MAX_FRAMES = 30;

/** The line by which Deno reports the error that ended a program or its Worker. */
const ERROR = /^error: (?:Uncaught (?:\(in [^)]*\) )*(?:\w+: )?)?(.*)$/;

/**
 * Reads the errors that Deno itself prints at the end of a program. Nothing else reports errors that no code of the
 * program sees: those of modules that were not loaded, and of Workers.
 */
export function readLastWords(stderr: string): ReportedDenial[] {
  const lines = stderr.split("\n").filter((line) => line.length <= MAX_LINE_LENGTH);
  const errors = lines.flatMap((line, index) => {
    const [, message] = ERROR.exec(line) ?? [];
    return message === undefined ? [] : [{ message, stack: lines.slice(index, index + MAX_FRAMES).join("\n") }];
  });
  return errors.slice(-MAX_ERRORS);
}

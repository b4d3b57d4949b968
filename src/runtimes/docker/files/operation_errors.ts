import { CodeBeakerError } from "../../../core/errors.ts";
import { outside } from "../../../core/workspace_path.ts";
import { toClientError } from "../../../workspace/client_errors.ts";
import { copyIntoItself } from "../../../workspace/file_tree.ts";

/** Codes of errors at the destination of a copy or a move. Other errors are at its source. */
const DESTINATION_CODES = ["EEXIST", "ENOTEMPTY", "EISDIR", "ENOSPC"];

/** The paths of an operation. */
export interface OperationPaths {
  readonly path: string;
  readonly destination?: string;
}

/** The error for an answer of `workspace.sh`. The operation gives the same error on every other runtime. */
export function operationError(answer: string | undefined, paths: OperationPaths): unknown {
  const isAtDestination = DESTINATION_CODES.includes(answer ?? "");
  const path = isAtDestination ? paths.destination ?? paths.path : paths.path;
  switch (answer) {
    case undefined:
    case "":
      return containerEnded();
    case "OUTSIDE":
      return outside(path, { why: "a symlink in it leads out" });
    case "LOOP":
      return outside(path, { why: "its symlinks form a loop" });
    case "ITSELF":
      return copyIntoItself(path);
    case "DEEP":
      return new CodeBeakerError("too_large", `Cannot take the tree at ${JSON.stringify(path)} as it is too deep`);
    case "EFBIG":
      return new CodeBeakerError("too_large", `Cannot read ${JSON.stringify(path)} at once as it is too large`);
    case "ENOSPC":
      return new CodeBeakerError("too_large", `Cannot write ${JSON.stringify(path)} as the workspace is full`);
    default:
      if (/^E[A-Z0-9]+$/.test(answer)) return toClientError(Object.assign(new Error(answer), { code: answer }), path);
      return new CodeBeakerError(
        "runtime_unavailable",
        "Cannot begin the operation on the files as the container cannot run it",
        { cause: new Error(answer) }, // A message of the Engine.
      );
  }
}

/** The error for an operation without its whole answer. */
export function containerEnded(): CodeBeakerError {
  const message = "Cannot finish the operation on the files as the container has ended";
  return new CodeBeakerError("runtime_unavailable", message);
}

/** The error for output of a program in place of an answer. */
export function answerTooLong(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot use ${JSON.stringify(path)} as a program interferes`);
}

/** The error for a file or an archive whose end is missing. */
export function cutOff(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot read ${JSON.stringify(path)} to its end as a program interferes`);
}

/** The error for a file or an archive whose reader has stopped. */
export function notRead(path: string): CodeBeakerError {
  return new CodeBeakerError(
    "conflict",
    `Cannot go on with ${JSON.stringify(path)} as its output is not read: read it anew`,
  );
}

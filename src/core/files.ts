import type { FileEntry } from "./answers/files.ts";
import { CodeBeakerError } from "./errors.ts";

export type { FileEntry };

/** How to treat an existing file: `create` replaces it, `append` adds to it, `create_new` fails. */
export type WriteMode = "create" | "append" | "create_new";

/** A file or directory of a tree that is visited. */
export interface VisitedEntry extends Pick<FileEntry, "path" | "type"> {
  /** Absent where the visit does not read it. */
  readonly size?: number;
}

/** A file that was read whole, or why it could not be. */
export type FileReading =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly error: unknown };

/** The error for a file that is larger than its workspace. */
export function fileTooLarge(maxBytes: number): CodeBeakerError {
  return new CodeBeakerError(
    "too_large",
    `Cannot take the file as it must be at most ${maxBytes} bytes long: open the session with a larger limits.diskMb`,
  );
}

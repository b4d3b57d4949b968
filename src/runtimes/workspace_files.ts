import type { FileEntry, FileReading, VisitedEntry, WriteMode } from "../core/files.ts";

/**
 * The files of a workspace. Every path is normal and relative (`parseWorkspacePath`); symlinks are not followed out.
 */
export interface WorkspaceFiles {
  /** Describes the entry at a path. With `follow`, it describes the target of a symlink at the end. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry>;
  /** Reads the bytes from `offset` (absent: 0), at most `length` (absent: all). */
  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>>;
  /**
   * Reads regular files whole, and calls `onFile` for each in their order. A file of more than `maxBytes` is
   * `too_large`, and an entry that is no regular file is `invalid_request`. An error of `onFile` ends the reading.
   */
  readFiles(
    paths: readonly string[],
    options: { readonly maxBytes: number; onFile(reading: FileReading): void },
  ): Promise<void>;
  /**
   * Writes a file, and makes the directories above it. `create` makes or replaces the file; `create_new` fails when it
   * exists.
   */
  write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode?: WriteMode,
  ): Promise<void>;
  createDirectory(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  copy(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void>;
  move(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void>;
  delete(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  /** The tree below a directory, `maxDepth` levels deep (0: no bound). */
  list(path: string, options?: { readonly maxDepth?: number }): Promise<FileEntry>;
  /**
   * Calls `onEntry` for every entry below a directory, in no order. It goes `maxDepth` levels deep (0: no bound), and
   * there may be any number of entries. An error of `onEntry` ends the visit.
   */
  visit(
    path: string,
    options: { readonly maxDepth?: number; onEntry(entry: VisitedEntry): void },
  ): Promise<void>;
  /** The whole workspace as a tar archive: directories, files, and symlinks as symlinks. */
  pack(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Unpacks a tar archive into the workspace, over the files that are there. The archive has been checked: it holds
   * only directories, files and symlinks, its paths are normal and relative, and its links stay inside.
   */
  unpack(archive: ReadableStream<Uint8Array>): Promise<void>;
}

/** What writing does with a file that is there: `create` replaces it, `append` adds to it, `create_new` fails. */
export type WriteMode = "create" | "append" | "create_new";

/** A file or directory as a listing shows it. */
export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  /** In bytes; 0 for what is no file. */
  readonly size: number;
  readonly modifiedAt: string;
  /** Present for a directory whose content was asked for. */
  readonly children?: readonly FileEntry[];
}

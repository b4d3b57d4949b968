import type { FileEntry, WriteMode } from "../../../core/files.ts";
import type { WorkspaceFiles } from "../../port.ts";

/**
 * The most bytes of a file that a warm launcher writes, and its possible names. No character of them has a meaning for
 * a shell.
 */
const MAX_LAUNCHER_BYTES = 1_048_576;
const SIMPLE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** A file for a warm launcher to write: not empty, and directly in the workspace. */
export interface WrittenFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Files for a workspace, by their paths. */
export type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/**
 * The files of an environment whose container starts late. Plain writes are kept, and go along with its start; any other
 * operation needs the container.
 */
export class PendingFiles implements WorkspaceFiles {
  readonly #inContainer: WorkspaceFiles;
  readonly #writeByLauncher: (file: WrittenFile) => Promise<boolean>;
  #pending: Map<string, Uint8Array<ArrayBuffer>> | undefined;

  /**
   * @param options.isPending whether writes are kept
   * @param options.writeByLauncher writes a file by the warm launcher, faster than `inContainer`; returns whether it
   *   could
   */
  constructor(
    inContainer: WorkspaceFiles,
    options: { readonly isPending: boolean; writeByLauncher(file: WrittenFile): Promise<boolean> },
  ) {
    this.#inContainer = inContainer;
    this.#writeByLauncher = options.writeByLauncher;
    this.#pending = options.isPending ? new Map() : undefined;
  }

  /** Whether writes are still kept. */
  get arePending(): boolean {
    return this.#pending !== undefined;
  }

  /** The files that were kept. From now on every write goes to the container. */
  take(): Files {
    const files = this.#pending ?? new Map();
    this.#pending = undefined;
    return files;
  }

  async write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode: WriteMode = "create",
  ): Promise<void> {
    const isPlain = content instanceof Uint8Array && mode === "create";
    if (isPlain && this.#pending !== undefined) {
      this.#pending.set(path, content);
      return;
    }
    const isSmall = isPlain && content.length > 0 && content.length <= MAX_LAUNCHER_BYTES && SIMPLE_NAME.test(path);
    if (isSmall && await this.#writeByLauncher({ name: path, content })) return;
    await this.#inContainer.write(path, content, mode);
  }

  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry> {
    return this.#inContainer.stat(path, options);
  }

  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>> {
    return this.#inContainer.read(path, options);
  }

  readFiles(paths: readonly string[], options: Parameters<WorkspaceFiles["readFiles"]>[1]): Promise<void> {
    return this.#inContainer.readFiles(paths, options);
  }

  createDirectory(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    return this.#inContainer.createDirectory(path, options);
  }

  copy(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    return this.#inContainer.copy(source, destination, options);
  }

  move(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    return this.#inContainer.move(source, destination, options);
  }

  delete(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    return this.#inContainer.delete(path, options);
  }

  list(path: string, options?: { readonly maxDepth?: number }): Promise<FileEntry> {
    return this.#inContainer.list(path, options);
  }

  visit(path: string, options: Parameters<WorkspaceFiles["visit"]>[1]): Promise<void> {
    return this.#inContainer.visit(path, options);
  }

  pack(): Promise<ReadableStream<Uint8Array>> {
    return this.#inContainer.pack();
  }

  unpack(archive: ReadableStream<Uint8Array>): Promise<void> {
    return this.#inContainer.unpack(archive);
  }
}

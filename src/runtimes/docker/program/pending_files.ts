import type { FileEntry, WriteMode } from "../../../core/files.ts";
import type { WorkspaceFiles } from "../../port.ts";

/** What is written by who waits for a program: so many bytes, and a name without anything that a shell knows. */
const MAX_SOON_BYTES = 1_048_576;
const SIMPLE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** A file of the workspace itself that a launcher may write, and not empty. */
export interface WrittenFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Files that are to come into a workspace, by their paths. */
export type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/**
 * The files of an environment whose container is made late: plain writes are kept until then, and go along with its start.
 * Anything else that is asked of them takes the container.
 */
export class PendingFiles implements WorkspaceFiles {
  readonly #inContainer: WorkspaceFiles;
  readonly #writeSoon: (file: WrittenFile) => Promise<boolean>;
  #pending: Map<string, Uint8Array<ArrayBuffer>> | undefined;

  /**
   * @param options.waits whether there is no container yet
   * @param options.writeSoon has a file written by somebody who is in the container already; tells whether it could
   */
  constructor(
    inContainer: WorkspaceFiles,
    options: { readonly waits: boolean; writeSoon(file: WrittenFile): Promise<boolean> },
  ) {
    this.#inContainer = inContainer;
    this.#writeSoon = options.writeSoon;
    this.#pending = options.waits ? new Map() : undefined;
  }

  /** Whether there is no container yet. */
  get wait(): boolean {
    return this.#pending !== undefined;
  }

  /** What has been kept; from now on everything goes to the container. */
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
    const isSmall = isPlain && content.length > 0 && content.length <= MAX_SOON_BYTES && SIMPLE_NAME.test(path);
    if (isSmall && await this.#writeSoon({ name: path, content })) return;
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

  pack(): Promise<ReadableStream<Uint8Array>> {
    return this.#inContainer.pack();
  }

  unpack(archive: ReadableStream<Uint8Array>): Promise<void> {
    return this.#inContainer.unpack(archive);
  }
}

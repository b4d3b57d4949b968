import type { FileEntry, FileReading, VisitedEntry, WriteMode } from "../../core/files.ts";
import type { Workspace } from "../../workspace/workspace.ts";
import type { WorkspaceFiles } from "../port.ts";

/** The most files that are kept in memory, and their most bytes together. */
const MAX_FILES = 64;
const MAX_BYTES = 262_144;
/** Matches paths that every file system takes, below any workspace, in one form only. */
const PLAIN_PATH = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))(?:[\w.-]{1,100}\/){0,8}[\w.-]{1,100}$/;

/**
 * The files of a workspace for a single program, which only reads them. They stay in memory until a call needs more
 * than writing and reading, as calls of a session or of a collection of files do. Disposing removes everything that was
 * made.
 */
export class LateWorkspace implements WorkspaceFiles, AsyncDisposable {
  readonly #make: () => Workspace;
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  #bytes = 0;
  #made: Promise<Workspace> | undefined;

  /** @param make makes the workspace, and the directory that it is in */
  constructor(make: () => Workspace) {
    this.#make = make;
  }

  async write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode: WriteMode = "create",
  ): Promise<void> {
    if (mode === "create" && content instanceof Uint8Array && this.#mayKeep(path, content)) {
      this.#bytes += content.length - (this.#kept.get(path)?.length ?? 0);
      this.#kept.set(path, content.slice());
    } else await (await this.#workspace()).write(path, content, mode);
  }

  async read(
    path: string,
    options: { readonly offset?: number; readonly length?: number } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const kept = this.inMemory(path);
    if (kept === undefined) return await (await this.#workspace()).read(path, options);
    const { length = Infinity, offset = 0 } = options;
    const bytes = kept.subarray(offset, offset + length);
    return ReadableStream.from(bytes.length === 0 ? [] : [bytes]);
  }

  /** The bytes of a file that stayed in memory; undefined for any other. */
  inMemory(path: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#made === undefined ? this.#kept.get(path) : undefined;
  }

  async stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry> {
    return await (await this.#workspace()).stat(path, options);
  }

  async readFiles(
    paths: readonly string[],
    options: { readonly maxBytes: number; onFile(reading: FileReading): void },
  ): Promise<void> {
    await (await this.#workspace()).readFiles(paths, options);
  }

  async createDirectory(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    await (await this.#workspace()).createDirectory(path, options);
  }

  async copy(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    await (await this.#workspace()).copy(source, destination, options);
  }

  async move(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    await (await this.#workspace()).move(source, destination, options);
  }

  async delete(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    await (await this.#workspace()).delete(path, options);
  }

  async list(path: string, options?: { readonly maxDepth?: number }): Promise<FileEntry> {
    return await (await this.#workspace()).list(path, options);
  }

  async visit(
    path: string,
    options: { readonly maxDepth?: number; onEntry(entry: VisitedEntry): void },
  ): Promise<void> {
    await (await this.#workspace()).visit(path, options);
  }

  async pack(): Promise<ReadableStream<Uint8Array>> {
    return await (await this.#workspace()).pack();
  }

  async unpack(archive: ReadableStream<Uint8Array>): Promise<void> {
    await (await this.#workspace()).unpack(archive);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const made = await this.#made?.catch(() => undefined); // The call that made it has thrown the error.
    await made?.[Symbol.asyncDispose]();
  }

  /** Whether a file may stay in memory. A file system would take it too, beside the others. */
  #mayKeep(path: string, { length }: Uint8Array): boolean {
    if (this.#made !== undefined || !PLAIN_PATH.test(path) || this.#kept.size >= MAX_FILES) return false;
    if (this.#bytes + length > MAX_BYTES) return false;
    return [...this.#kept.keys()].every((other) => !other.startsWith(`${path}/`) && !path.startsWith(`${other}/`));
  }

  /** The workspace in the file system, with the kept files. */
  #workspace(): Promise<Workspace> {
    return this.#made ??= (async () => {
      const workspace = this.#make();
      for (const [path, bytes] of this.#kept) await workspace.write(path, bytes);
      return workspace;
    })();
  }
}

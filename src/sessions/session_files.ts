import type { FileEntry, WriteMode } from "../core/files.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import type { Session } from "./session.ts";

/** The files of a session's workspace. Every use counts as activity, a stream as long as it is read. */
export class SessionFiles implements WorkspaceFiles {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry> {
    return this.#use((files) => files.stat(path, options));
  }

  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>> {
    return this.#stream((files) => files.read(path, options));
  }

  readFiles(paths: readonly string[], options: Parameters<WorkspaceFiles["readFiles"]>[1]): Promise<void> {
    return this.#use((files) => files.readFiles(paths, options));
  }

  write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode?: WriteMode,
  ): Promise<void> {
    return this.#use((files) => files.write(path, content, mode));
  }

  createDirectory(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    return this.#use((files) => files.createDirectory(path, options));
  }

  copy(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    return this.#use((files) => files.copy(source, destination, options));
  }

  move(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void> {
    return this.#use((files) => files.move(source, destination, options));
  }

  delete(path: string, options?: { readonly recursive?: boolean }): Promise<void> {
    return this.#use((files) => files.delete(path, options));
  }

  list(path: string, options?: { readonly maxDepth?: number }): Promise<FileEntry> {
    return this.#use((files) => files.list(path, options));
  }

  visit(path: string, options: Parameters<WorkspaceFiles["visit"]>[1]): Promise<void> {
    return this.#use((files) => files.visit(path, options));
  }

  pack(): Promise<ReadableStream<Uint8Array>> {
    return this.#stream((files) => files.pack());
  }

  unpack(archive: ReadableStream<Uint8Array>): Promise<void> {
    return this.#use((files) => files.unpack(archive));
  }

  async #use<T>(act: (files: WorkspaceFiles) => Promise<T>): Promise<T> {
    using _use = this.#session.use();
    return await this.#session.attempt(({ files }) => act(files));
  }

  async #stream(
    open: (files: WorkspaceFiles) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<ReadableStream<Uint8Array>> {
    using opening = new DisposableStack();
    opening.use(this.#session.use());
    return whileRead(await this.#session.attempt(({ files }) => open(files)), opening.move());
  }
}

/** Disposes of a resource when a stream has ended, failed, or was cancelled. */
function whileRead(stream: ReadableStream<Uint8Array>, use: Disposable): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      using reading = new DisposableStack();
      reading.use(use);
      const { done, value } = await reader.read();
      if (done) return controller.close();
      controller.enqueue(value);
      reading.move(); // More may follow.
    },
    async cancel(reason) {
      using _use = use;
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

import { createYielder } from "../../../concurrency/delay.ts";
import { checkDeletion, checkMove } from "../../../core/workspace_path.ts";
import type { FileEntry, FileReading, WriteMode } from "../../../core/files.ts";
import { encodeTar } from "../../../workspace/archive/tar.ts";
import type { WorkspaceFiles } from "../../port.ts";
import type { Container } from "../container/container.ts";
import type { LineReader } from "../engine/line_reader.ts";
import { parseEntry, readEntries, readTree } from "./listing.ts";
import { answerTooLong, containerEnded, operationError } from "./operation_errors.ts";
import { packedItems } from "./packed_items.ts";
import { beginOperation, type Operation, runOperation, streamOperation } from "./workspace_operation.ts";

/** An operation in a container. It lasts until the promises that it holds have settled. */
export type Operate<T> = (container: Container, hold: (until: Promise<void>) => void) => Promise<T>;

/** Lends a container for an operation. */
export type Lend = <T>(operate: Operate<T>) => Promise<T>;

/** The files of a workspace in a container. Each operation is one run of `workspace.sh` there. */
export class ContainerFiles implements WorkspaceFiles {
  readonly #lend: Lend;

  constructor(lend: Lend) {
    this.#lend = lend;
  }

  async stat(path: string, options: { readonly follow?: boolean } = {}): Promise<FileEntry> {
    const text = await this.#run({ words: ["stat", path, flag(options.follow ?? false)], path });
    if (!text.includes("//")) throw containerEnded();
    return parseEntry(text.slice(text.indexOf("//") + 2), path);
  }

  async read(
    path: string,
    options: { readonly offset?: number; readonly length?: number } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { offset = 0, length } = options;
    const words = ["read", path, String(offset), length === undefined ? "-" : String(length)];
    return await this.#stream({ words, path });
  }

  async readFiles(
    paths: readonly string[],
    { maxBytes, onFile }: Parameters<WorkspaceFiles["readFiles"]>[1],
  ): Promise<void> {
    await this.#lend(async (container) => {
      const operation = { words: ["read_files", String(maxBytes), ...paths], path: "." };
      const { lines } = await beginOperation(container, operation);
      try {
        for (const path of paths) onFile(await readFrame(lines, { path, maxBytes }));
      } finally {
        await lines.close();
      }
    });
  }

  async write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode: WriteMode = "create",
  ): Promise<void> {
    await this.#run({ words: ["write", path, mode], path, stdin: content });
  }

  async createDirectory(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    await this.#run({ words: ["create_directory", path, flag(options.recursive ?? true)], path });
  }

  async copy(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    const words = ["copy", source, destination, flag(options.overwrite ?? true)];
    await this.#run({ words, path: source, destination });
  }

  async move(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    checkMove(source, destination);
    const words = ["move", source, destination, flag(options.overwrite ?? true)];
    await this.#run({ words, path: source, destination });
  }

  async delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    checkDeletion(path);
    await this.#run({ words: ["delete", path, flag(options.recursive ?? false)], path });
  }

  async list(path: string, options: { readonly maxDepth?: number } = {}): Promise<FileEntry> {
    const { maxDepth = 0 } = options;
    const depth = maxDepth === 0 ? Infinity : maxDepth;
    return await this.#list(path, { maxDepth, read: (chunks) => readTree(chunks, { path, depth }) });
  }

  async visit(path: string, { maxDepth = 0, onEntry }: Parameters<WorkspaceFiles["visit"]>[1]): Promise<void> {
    await this.#list(path, {
      maxDepth,
      async read(chunks) {
        const yieldToOthers = createYielder();
        for await (const entry of readEntries(chunks, path)) {
          await yieldToOthers();
          if (entry.path !== path) onEntry(entry);
        }
      },
    });
  }

  async pack(): Promise<ReadableStream<Uint8Array>> {
    const packed = await this.#stream({ words: ["pack"], path: "." });
    return encodeTar(packedItems(packed), {
      release: async () => packed.locked ? undefined : await packed.cancel(),
    });
  }

  /** Puts the files of a tar archive into the workspace. */
  async unpack(archive: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
    await this.#run({ words: ["unpack"], path: ".", stdin: archive });
  }

  /** Reads the records of a listing. */
  #list<T>(
    path: string,
    { maxDepth, read }: { readonly maxDepth: number; read(chunks: AsyncIterable<Uint8Array>): Promise<T> },
  ): Promise<T> {
    return this.#lend(async (container) => {
      const words = ["list", path, maxDepth === 0 ? "-" : String(maxDepth)];
      const { lines, command } = await beginOperation(container, { words, path });
      try {
        const result = await read(lines.chunks());
        if (!await command.hasSucceeded()) throw containerEnded(); // The listing is not complete.
        return result;
      } finally {
        await lines.close();
      }
    });
  }

  #run(operation: Operation): Promise<string> {
    return this.#lend((container) => runOperation(container, operation));
  }

  #stream(operation: Operation): Promise<ReadableStream<Uint8Array>> {
    return this.#lend(async (container, hold) => {
      const ended = Promise.withResolvers<void>();
      const stream = await streamOperation(container, operation, { onEnd: ended.resolve });
      hold(ended.promise);
      return stream;
    });
  }
}

/** Reads one answer of `read_files`: a file's size and bytes, or an error's code. */
async function readFrame(
  lines: LineReader,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<FileReading> {
  const answer = await lines.line();
  if (answer === undefined || !/^\d+$/.test(answer)) return { path, error: operationError(answer, { path }) };
  const size = Number(answer);
  if (size > maxBytes) throw answerTooLong(path); // The script reads no such file: a program has forged the answer.
  const bytes = await lines.bytes(size);
  if (bytes === undefined) throw containerEnded();
  return { path, bytes };
}

function flag(value: boolean): string {
  return value ? "1" : "0";
}

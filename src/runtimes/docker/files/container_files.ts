import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import type { FileEntry, WriteMode } from "../../../core/files.ts";
import { outside } from "../../../core/workspace_path.ts";
import { copyIntoItself } from "../../../workspace/file_tree.ts";
import { toClientError } from "../../../workspace/directory_handle.ts";
import type { WorkspaceFiles } from "../../port.ts";
import { encodeTar } from "../../../workspace/archive/tar.ts";
import type { Container, RunningCommand } from "../container/container.ts";
import { LineReader } from "../engine/line_reader.ts";
import { parseEntry, readTree } from "./listing.ts";
import { packedItems } from "./packed_items.ts";
import workspaceScript from "./workspace.sh" with { type: "text" };

/** An operation that has said "ok". */
interface Begun {
  readonly lines: LineReader;
  readonly command: RunningCommand;
}

/** An operation says less than this beside what it reads or lists. */
const MAX_ANSWER_LENGTH = 65_536;

/** What the script is asked to do. */
interface Operation {
  readonly words: readonly string[];
  /** The path that an error is about. */
  readonly path: string;
  /** Where it puts what it takes from there: what is in the way or finds no room is there. */
  readonly destination?: string;
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array>;
}

/** An operation in a container; it goes on until what it holds has settled. */
export type Operate<T> = (container: Container, hold: (until: Promise<void>) => void) => Promise<T>;

/** Lends a container for an operation. */
export type Lend = <T>(operate: Operate<T>) => Promise<T>;

/** The files of a workspace that only programs in its container can reach: each operation is one run of `workspace.sh`. */
export class ContainerFiles implements WorkspaceFiles {
  readonly #lend: Lend;

  constructor(lend: Lend) {
    this.#lend = lend;
  }

  async stat(path: string, options: { readonly follow?: boolean } = {}): Promise<FileEntry> {
    const text = await this.#ask({ words: ["stat", path, flag(options.follow ?? false)], path });
    if (!text.includes("//")) throw ended();
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

  async write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode: WriteMode = "create",
  ): Promise<void> {
    await this.#ask({ words: ["write", path, mode], path, stdin: content });
  }

  async createDirectory(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    await this.#ask({ words: ["create_directory", path, flag(options.recursive ?? true)], path });
  }

  async copy(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    const words = ["copy", source, destination, flag(options.overwrite ?? true)];
    await this.#ask({ words, path: source, destination });
  }

  async move(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    if (source === ".") throw invalidField("source", "Cannot move the workspace itself");
    if (destination === ".") throw invalidField("destination", "Cannot replace the workspace itself");
    const words = ["move", source, destination, flag(options.overwrite ?? true)];
    await this.#ask({ words, path: source, destination });
  }

  async delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    if (path === ".") throw invalidField("path", "Cannot delete the workspace itself");
    await this.#ask({ words: ["delete", path, flag(options.recursive ?? false)], path });
  }

  async list(path: string, options: { readonly maxDepth?: number } = {}): Promise<FileEntry> {
    const { maxDepth = 0 } = options;
    return await this.#lend(async (container) => {
      const words = ["list", path, maxDepth === 0 ? "-" : String(maxDepth)];
      const { lines, command } = await this.#begin(container, { words, path });
      try {
        const tree = await readTree(lines.chunks(), { path, depth: maxDepth === 0 ? Infinity : maxDepth });
        if (!await command.hasSucceeded()) throw ended(); // Half a tree is not to be taken for the whole.
        return tree;
      } finally {
        await lines.close();
      }
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
    await this.#ask({ words: ["unpack"], path: ".", stdin: archive });
  }

  /** Begins an operation that tells its process group after "ok"; gives what comes then, which cancelling cuts short. */
  #stream(operation: Operation): Promise<ReadableStream<Uint8Array>> {
    return this.#lend(async (container, hold) => {
      const { lines, command } = await this.#begin(container, operation);
      const pid = Number(await lines.line());
      const over = Promise.withResolvers<void>();
      hold(over.promise);
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const bytes = await lines.rest().catch((error: unknown) => {
            over.resolve();
            throw error;
          });
          if (bytes !== undefined) return controller.enqueue(bytes);
          over.resolve();
          if (!await command.hasSucceeded()) throw cutOff(operation.path);
          controller.close();
        },
        async cancel() {
          await lines.close();
          if (Number.isInteger(pid) && pid > 1) await container.signal("SIGKILL", -pid); // Nobody takes what it says any more.
          over.resolve();
        },
      }, { highWaterMark: 0 });
    });
  }

  /** Runs an operation to its end; gives what it said after "ok". */
  #ask(operation: Operation): Promise<string> {
    return this.#lend(async (container) => {
      const { lines } = await this.#begin(container, operation);
      let text = "";
      const decoder = new TextDecoder();
      try {
        for await (const bytes of lines.chunks()) {
          text += decoder.decode(bytes, { stream: true });
          if (text.length > MAX_ANSWER_LENGTH) throw tooLong(operation.path);
        }
      } finally {
        await lines.close();
      }
      return text;
    });
  }

  async #begin(container: Container, { words, path, destination, stdin }: Operation): Promise<Begun> {
    const command = await container.run({ argv: ["sh", "-c", workspaceScript, "workspace", ...words], stdin });
    const lines = new LineReader(command.stdout);
    command.fed.catch(() => {}); // An operation that refuses does not read what it was to write.
    const answer = await lines.line().catch((error: unknown) => {
      throw command.sourceFailure()?.error ?? error;
    });
    if (answer === "ok") return { lines, command };
    await lines.close();
    throw command.sourceFailure()?.error ?? faultOf(answer, isOfDestination(answer) ? destination ?? path : path);
  }
}

function ended(): CodeBeakerError {
  return new CodeBeakerError(
    "runtime_unavailable",
    "Cannot finish the operation on the files as the container has ended",
  );
}

/** A program that writes into the operation's stdout. */
function tooLong(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot use ${JSON.stringify(path)} as a program interferes`);
}

/** Half a file is not to be taken for the whole. */
function cutOff(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot read ${JSON.stringify(path)} to its end as a program interferes`);
}

function flag(value: boolean): string {
  return value ? "1" : "0";
}

/** Whether what is wrong with taking something elsewhere is wrong there. */
function isOfDestination(word: string | undefined): boolean {
  return word === "EEXIST" || word === "ENOTEMPTY" || word === "EISDIR" || word === "ENOSPC";
}

/** The words of the script as the errors that the same operation gives on every other runtime. */
function faultOf(word: string | undefined, path: string): unknown {
  switch (word) {
    case undefined:
    case "":
      return ended();
    case "OUTSIDE":
      return outside(path, { why: "a symlink in it leads out" });
    case "LOOP":
      return outside(path, { why: "its symlinks form a loop" });
    case "ITSELF":
      return copyIntoItself(path);
    case "DEEP":
      return new CodeBeakerError("too_large", `Cannot take the tree at ${JSON.stringify(path)} as it is too deep`);
    case "ENOSPC":
      return new CodeBeakerError("too_large", `Cannot write ${JSON.stringify(path)} as the workspace is full`);
    default:
      if (!/^E[A-Z0-9]+$/.test(word)) { // The Engine's own words, in place of the script's.
        const cause = new Error(word);
        return new CodeBeakerError(
          "runtime_unavailable",
          "Cannot begin the operation on the files as the container cannot run it",
          {
            cause,
          },
        );
      }
      return toClientError(Object.assign(new Error(word), { code: word }), path);
  }
}

import { withDeadline } from "../concurrency/deadline.ts";
import { hasCode, messageOf } from "../core/errors.ts";
import {
  MAX_OUTPUT_FILE_BYTES,
  MAX_OUTPUT_FILES,
  MAX_OUTPUT_FILES_BYTES,
  type OutputFile,
  type OutputFiles,
} from "../core/output_files.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import { type MatchingFile, MatchingFiles, scopeOf } from "./matching_files.ts";

/** How long files are looked for and read. */
const MAX_COLLECT_MS = 10_000;

/** Bytes beside its own that JSON needs for a control character, a quotation mark or a backslash. */
const ESCAPE_BYTES = 5;
const [FIRST_PRINTABLE, QUOTATION_MARK, BACKSLASH] = [0x20, 0x22, 0x5c];

/** The files of a workspace, as far as they are collected. */
type ReadableFiles = Pick<WorkspaceFiles, "visit" | "stat" | "read">;

/** The memory of an answer. */
export interface AnswerMemory {
  /** Takes more bytes, until the answer is sent. @throws {CodeBeakerError} `busy` when they are not free */
  growBy(bytes: number): void;
}

/** How files are collected. */
export interface CollectOptions {
  /** Absent, memory is not counted. */
  readonly memory?: AnswerMemory | undefined;
  /** Default: 10,000. */
  readonly maxMs?: number;
}

/**
 * Collects the files that match globs, within the bounds of an answer; the others are counted. It does not throw: the
 * answer says why files could not be found or read.
 */
export async function collectOutputs(
  files: ReadableFiles,
  globs: readonly string[],
  { maxMs = MAX_COLLECT_MS, memory }: CollectOptions = {},
): Promise<OutputFiles> {
  if (globs.length === 0) return {};
  const collection = new Collection(files, globs, memory);
  const toError = () => new Error(`Cannot collect every file within ${maxMs} ms`);
  await withDeadline((signal) => collection.collect(signal), { timeoutMs: maxMs, toError })
    .catch((error: unknown) => collection.fail(error));
  return collection.result;
}

/** The files of one answer, as they are collected. */
class Collection {
  readonly #files: ReadableFiles;
  readonly #globs: readonly string[];
  readonly #memory: AnswerMemory | undefined;
  readonly #matching: MatchingFiles;
  readonly #collected: OutputFile[] = [];
  readonly #omittedPaths: string[] = [];
  #bytes = 0;
  /** Symlinks to what is no file. */
  #others = 0;
  #error: string | undefined;

  constructor(files: ReadableFiles, globs: readonly string[], memory: AnswerMemory | undefined) {
    this.#files = files;
    this.#globs = globs;
    this.#memory = memory;
    this.#matching = new MatchingFiles(globs);
  }

  get result(): OutputFiles {
    const outputFiles = [...this.#collected];
    const count = this.#matching.count - outputFiles.length - this.#others;
    const error = this.#error;
    if (count === 0 && error === undefined) return { outputFiles };
    const paths = this.#omittedPaths.slice(0, MAX_OUTPUT_FILES);
    return { outputFiles, outputFilesOmitted: { count, paths, ...(error === undefined ? {} : { error }) } };
  }

  /** Records why files are missing; the first reason is kept. */
  fail(error: unknown): void {
    this.#error ??= messageOf(error);
  }

  /** Finds and reads the files; ends soon after the signal aborts. */
  async collect(signal: AbortSignal): Promise<void> {
    await this.#find(signal).catch((error: unknown) => this.fail(error));
    for (const file of this.#matching.first) {
      if (signal.aborted || !await this.#take(file, signal)) this.#omittedPaths.push(file.path);
    }
  }

  async #find(signal: AbortSignal): Promise<void> {
    const { maxDepth, path } = scopeOf(this.#globs);
    try {
      await this.#files.visit(path, {
        maxDepth,
        onEntry: (entry) => {
          signal.throwIfAborted();
          this.#matching.add(entry);
        },
      });
    } catch (error) {
      // The directory is missing, or is a file: nothing matches.
      if (!hasCode(error, "not_found") && !hasCode(error, "invalid_request")) throw error;
    }
  }

  /** Whether a file is in the answer, or is none. */
  async #take(file: MatchingFile, signal: AbortSignal): Promise<boolean> {
    if (this.#collected.length >= MAX_OUTPUT_FILES) return false;
    try {
      return await this.#read(file, signal);
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  async #read({ path, ...found }: MatchingFile, signal: AbortSignal): Promise<boolean> {
    const isKnown = found.type === "file" && found.size !== undefined;
    const { size = 0, type } = isKnown ? found : await this.#files.stat(path, { follow: true });
    if (type !== "file") {
      this.#others++;
      return true;
    }
    const roomBytes = Math.min(MAX_OUTPUT_FILE_BYTES, MAX_OUTPUT_FILES_BYTES - this.#bytes);
    if (size > roomBytes) return false;
    signal.throwIfAborted(); // Nobody gives memory back that is taken after the answer.
    this.#memory?.growBy(2 * size);
    const stream = await this.#files.read(path, { length: roomBytes + 1 }); // It may have grown.
    const bytes = await new Response(stream.pipeThrough(new TransformStream(), { signal })).bytes();
    signal.throwIfAborted();
    if (bytes.length > roomBytes) return false;
    const content = encode(bytes);
    this.#memory?.growBy(Math.max(memoryOf(content, bytes) - 2 * size, 0));
    this.#bytes += bytes.length;
    this.#collected.push({ path, ...content, bytes: bytes.length });
    return true;
  }
}

type Content = Pick<OutputFile, "content" | "encoding">;

/** Text where the bytes are UTF-8 without a NUL, else base64. */
function encode(bytes: Uint8Array): Content {
  if (!bytes.includes(0)) {
    try {
      const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      return { content, encoding: "utf8" };
    } catch {
      // It is no text.
    }
  }
  return { content: bytes.toBase64(), encoding: "base64" };
}

/** Most memory of a file in an answer: its content, and the JSON of it. */
function memoryOf({ content, encoding }: Content, bytes: Uint8Array): number {
  if (encoding === "base64") return 2 * content.length;
  let escapes = 0;
  for (const byte of bytes) {
    if (byte < FIRST_PRINTABLE || byte === QUOTATION_MARK || byte === BACKSLASH) escapes++;
  }
  return 2 * content.length + bytes.length + ESCAPE_BYTES * escapes;
}

import { withDeadline } from "../concurrency/deadline.ts";
import { hasCode, messageOf } from "../core/errors.ts";
import type { FileReading } from "../core/files.ts";
import { MAX_OUTPUT_FILES } from "../core/answers/vocabulary.ts";
import {
  MAX_OUTPUT_FILE_BYTES,
  MAX_OUTPUT_FILES_BYTES,
  type OutputFile,
  type OutputFiles,
} from "../core/output_files.ts";
import { encodeContent } from "../core/requests/content.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import { type AnswerMemory, memoryOf } from "./answer_memory.ts";
import { type MatchingFile, MatchingFiles, scopeOf } from "./matching_files.ts";

/** Longest time to find and read files. */
const MAX_COLLECT_MS = 10_000;

/** The files of a workspace, as far as they are collected. */
type ReadableFiles = Pick<WorkspaceFiles, "visit" | "readFiles">;

/** How files are collected. */
export interface CollectOptions {
  /** Absent, memory is not counted. */
  readonly memory?: AnswerMemory | undefined;
  /** Default: 10,000. */
  readonly maxMs?: number;
}

/**
 * Collects the files that match globs, within the bounds of an answer. Further files are counted. It does not throw:
 * the answer says why files could not be found or read.
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
  /** The paths of the matches that are collected, or are no files. */
  readonly #done = new Set<string>();
  #bytes = 0;
  #error: string | undefined;

  constructor(files: ReadableFiles, globs: readonly string[], memory: AnswerMemory | undefined) {
    this.#files = files;
    this.#globs = globs;
    this.#memory = memory;
    this.#matching = new MatchingFiles(globs);
  }

  get result(): OutputFiles {
    const outputFiles = [...this.#collected];
    const count = this.#matching.count - this.#done.size;
    const error = this.#error;
    if (count === 0 && error === undefined) return { outputFiles };
    const omitted = this.#matching.first.map(({ path }) => path).filter((path) => !this.#done.has(path));
    const paths = omitted.slice(0, MAX_OUTPUT_FILES);
    return { outputFiles, outputFilesOmitted: { count, paths, ...(error === undefined ? {} : { error }) } };
  }

  /** Records why files are missing; the first reason is kept. */
  fail(error: unknown): void {
    this.#error ??= messageOf(error);
  }

  /** Finds and reads the files; ends soon after the signal aborts. */
  async collect(signal: AbortSignal): Promise<void> {
    await this.#find(signal).catch((error: unknown) => this.fail(error));
    for (let left = this.#matching.first; !signal.aborted;) {
      const { next, rest } = this.#choose(left);
      if (next.length === 0) return;
      left = rest;
      const onFile = (reading: FileReading) => {
        signal.throwIfAborted(); // Memory that is taken after the answer is never given back.
        this.#take(reading);
      };
      await this.#files.readFiles(next, { maxBytes: MAX_OUTPUT_FILE_BYTES, onFile })
        .catch((error: unknown) => this.fail(error));
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

  /** Chooses the files to read next; leaves out those that cannot fit. */
  #choose(
    files: readonly MatchingFile[],
  ): { readonly next: readonly string[]; readonly rest: readonly MatchingFile[] } {
    const room = MAX_OUTPUT_FILES - this.#collected.length;
    let roomBytes = MAX_OUTPUT_FILES_BYTES - this.#bytes;
    const next: string[] = [];
    for (const [index, { path, size = 0 }] of files.entries()) {
      if (next.length === room) return { next, rest: files.slice(index) };
      if (size > Math.min(MAX_OUTPUT_FILE_BYTES, roomBytes)) continue;
      next.push(path);
      roomBytes -= size;
    }
    return { next, rest: [] };
  }

  /** Adds a file to the answer, if it is a file and fits. */
  #take(reading: FileReading): void {
    const { path } = reading;
    if ("error" in reading) {
      if (hasCode(reading.error, "invalid_request")) this.#done.add(path);
      else if (!hasCode(reading.error, "too_large")) this.fail(reading.error);
      return;
    }
    const { bytes } = reading;
    if (bytes.length > MAX_OUTPUT_FILES_BYTES - this.#bytes) return;
    const content = encodeContent(bytes);
    try {
      this.#memory?.growBy(memoryOf(content, bytes));
    } catch (error) {
      return this.fail(error);
    }
    this.#bytes += bytes.length;
    this.#collected.push({ path, ...content, bytes: bytes.length });
    this.#done.add(path);
  }
}

import { createHash } from "node:crypto";
import type { Needs } from "../core/needs.ts";
import type { RequestFile } from "../core/requests/request_files.ts";
import { analyse, type AnalysedTexts, needsOfKinds } from "./analyse.ts";
import { AnalysisThread } from "./analysis_thread.ts";
import { BoundedParse } from "./bounded_parse.ts";
import { familyOf } from "./families.ts";
import type { Family, FamilyModule } from "./family.ts";
import type { AnalysedProgram, SourceFile } from "./source_file.ts";

/** Most bytes of source that are read. */
const MAX_SOURCE_BYTES = 65_536;
/** Most files of source that are read. */
const MAX_FILES = 256;
/** Most bytes of a file whose beginning is read because the program is too long. */
const MAX_BEGINNING_BYTES = 1_048_576;
/** Most characters that are parsed on the event loop, in about 2 ms. Longer programs are parsed beside it. */
const MAX_LENGTH_HERE = 4_096;
/** Most characters that are parsed of a program for any runtime. A longer parse takes more than a lighter runtime saves. */
const MAX_LENGTH_UNASKED = 16_384;
/** Longest parse on the event loop, in ms. A program that takes longer is parsed anew beside it. */
const LIMIT_HERE_MS = 2;
/** The limit for the first program in each family, and for beginnings. The first parser has not been compiled yet. */
const LONG_LIMIT_HERE_MS = 20;
/** Most programs whose needs are cached; the oldest are dropped. */
const MAX_REMEMBERED = 1_000;
/** Longest key that is not digested, in characters. Below it, a digest takes longer than finding the needs. */
const MAX_KEY_LENGTH = 2_048;
/** Longest needs that are cached, in characters of JSON. A program chooses the names and the paths in them. */
const MAX_REMEMBERED_LENGTH = 16_384;

/** Options of a need analyser. */
export interface NeedAnalyserOptions {
  /** A clock in ms that never goes back; `performance.now` when absent. */
  readonly now?: () => number;
  /** Reads programs beside the event loop; a thread of its own when absent. */
  readonly thread?: Pick<AnalysisThread, "analyse" | typeof Symbol.dispose>;
}

/** A program in each family. */
const SAMPLES = [["main.ts", 'import "node:fs";'], ["main.py", "import os"]] as const;

/** What reads a program. */
interface Reading {
  readonly family: Family;
  readonly reader: FamilyModule;
}

/**
 * Reads the text of programs for their needs of a runtime. It never throws. A text that takes long on the event loop is
 * read beside it. Only the beginning is read of a text that takes several times as long as others, or that would wait for
 * more than a second, as where hostile texts are before it; the latter is read anew when it is asked for again.
 */
export class NeedAnalyser implements Disposable {
  readonly #now: () => number;
  readonly #thread: NonNullable<NeedAnalyserOptions["thread"]>;
  readonly #known = new Map<string, Needs>();
  readonly #pending = new Map<string, Promise<Needs>>();
  readonly #compiled = new Set<Family>();

  constructor({ now = () => performance.now(), thread = new AnalysisThread() }: NeedAnalyserOptions = {}) {
    this.#now = now;
    this.#thread = thread;
  }

  /** Finds the needs of a program; undefined for a language that is not analysed. */
  async find({ entrypoint, files }: AnalysedProgram): Promise<Needs | undefined> {
    const family = familyOf(entrypoint);
    if (family === undefined) return undefined;
    const sources = files.filter(({ path }) => familyOf(path) === family);
    const bytes = sources.reduce((total, file) => total + file.bytes.length, 0);
    if (bytes > MAX_SOURCE_BYTES) return await this.#readLong({ entrypoint, files }, family);
    if (sources.length > MAX_FILES) return unknown(`it has more than ${MAX_FILES} files`);
    const texts = decodeAll(sources);
    if (texts === undefined) return unknown("it is not UTF-8");
    if (!texts.some(family.mayNeed)) return { known: true, uses: needsOfKinds({ entrypoint, files }, family) };
    const key = keyOf({ entrypoint, files, texts });
    const known = this.#known.get(key) ?? this.#pending.get(key);
    if (known !== undefined) return await known;
    const pending = this.#read({ entrypoint, files, texts }, { family, key }).finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return await pending; // All who wait for it go on in their order.
  }

  /**
   * Loads the parsers, so that the first requests need not.
   *
   * @throws the error of a parser as it is loaded
   */
  async load(): Promise<void> {
    for (const [entrypoint, code] of SAMPLES) {
      await familyOf(entrypoint)?.load();
      await this.find({ entrypoint, files: [{ path: entrypoint, bytes: new TextEncoder().encode(code) }] });
    }
  }

  /** Ends the thread; programs that wait are read at their beginning. */
  [Symbol.dispose](): void {
    this.#thread[Symbol.dispose]();
  }

  async #read(
    program: AnalysedTexts,
    { family, key }: Pick<Reading, "family"> & { readonly key: string },
  ): Promise<Needs> {
    const reader = await load(family);
    if (reader === undefined) return unknown("its parser cannot be loaded here");
    const reading = { family, reader };
    const length = lengthOf(program, reading);
    const read = (length > MAX_LENGTH_HERE ? undefined : this.#readHere(program, reading)) ??
      (isWorthReading(program, { ...reading, length }) ? await this.#thread.analyse(program) : "takes too long");
    const needs = read === undefined || read === "takes too long" ? this.#readBeginning(program, reading) : read;
    if (read !== undefined) this.#remember(key, needs);
    return needs;
  }

  /** Undefined for what takes too long here. */
  #readHere(program: AnalysedTexts, reading: Reading): Needs | undefined {
    return analyse(program, { ...reading, bounded: this.#bounded(reading.family) });
  }

  /** Reads the beginning of the file that runs. */
  #readBeginning({ texts, ...program }: AnalysedTexts, reading: Reading): Needs {
    const first = texts.filter(({ path }) => path === program.entrypoint);
    const bounded = new BoundedParse(LONG_LIMIT_HERE_MS, this.#now);
    const needs = analyse({ ...program, texts: first }, { ...reading, bounded, isBeginning: true });
    return unknown("it takes too long to read", needs?.uses);
  }

  /** Reads the beginning of a program that is too long. */
  async #readLong({ entrypoint, files }: AnalysedProgram, family: Family): Promise<Needs> {
    const reason = `it is longer than ${MAX_SOURCE_BYTES} bytes`;
    const first = files.filter(({ path, bytes }) => path === entrypoint && bytes.length <= MAX_BEGINNING_BYTES);
    const texts = decodeAll(first)?.filter(family.mayNeed) ?? [];
    const reader = texts.length > 0 ? await load(family) : undefined;
    if (reader === undefined) return unknown(reason);
    const { uses } = this.#readBeginning({ entrypoint, files, texts }, { family, reader });
    return unknown(reason, uses);
  }

  #bounded(family: Family): BoundedParse {
    const limitMs = this.#compiled.has(family) ? LIMIT_HERE_MS : LONG_LIMIT_HERE_MS;
    this.#compiled.add(family);
    return new BoundedParse(limitMs, this.#now);
  }

  #remember(key: string, needs: Needs): void {
    if (JSON.stringify(needs).length > MAX_REMEMBERED_LENGTH) return;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(key, needs);
  }
}

/** Characters of a program that are parsed. */
function lengthOf({ texts }: AnalysedTexts, { family, reader }: Reading): number {
  const { excerptOf, readsBeginnings = false } = reader;
  return texts.filter(family.mayNeed).reduce(
    (sum, { text }) => sum + (readsBeginnings ? excerptOf(text) : text).length,
    0,
  );
}

/** Whether reading a program beyond its beginning can change the runtime that is chosen. */
function isWorthReading({ texts }: AnalysedTexts, { length, reader }: Reading & { readonly length: number }): boolean {
  return length <= MAX_LENGTH_UNASKED || texts.some(({ text }) => reader.isForOne?.(text) === true);
}

/** A parser reads variables as it is loaded, which few permissions forbid. */
async function load(family: Family): Promise<FamilyModule | undefined> {
  return await family.load().catch(() => undefined);
}

/** Keeps the certain needs of a program that was not read as a whole. */
function unknown(reason: string, uses: Needs["uses"] = []): Needs {
  return { known: false, reason, uses: uses.filter(({ certain }) => certain) };
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

function decodeAll(files: readonly RequestFile[]): SourceFile[] | undefined {
  try {
    return files.map(({ path, bytes }) => ({ path, text: DECODER.decode(bytes) }));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Makes the cache key of a program. It depends on the sources, and on the names of all other files. */
function keyOf(
  { entrypoint, files, texts }: AnalysedProgram & { readonly texts: readonly SourceFile[] },
): string {
  const key = JSON.stringify([entrypoint, files.map(({ path }) => path), texts]);
  return key.length <= MAX_KEY_LENGTH ? key : createHash("sha256").update(key).digest("base64");
}

import { createHash } from "node:crypto";
import { languageOfFile } from "../core/languages.ts";
import type { Need, Needs } from "../core/needs.ts";
import type { RequestFile } from "../core/requests/request_files.ts";
import { BoundedParse, type Parsed } from "./bounded_parse.ts";
import { FAMILIES } from "./families.ts";
import type { Family, FamilyModule } from "./family.ts";
import { combine } from "./combine.ts";
import type { AnalysedProgram, FileReader, FileReading, SourceFile } from "./source_file.ts";

/** Most bytes of source that are read. */
export const MAX_SOURCE_BYTES = 65_536;
/** Most files of source that are read. */
const MAX_FILES = 256;
/** Longest parse of a program's files, in ms; it blocks the event loop. */
const LIMIT_MS = 2;
/** The limit for the first program in each family. Its parser has not been compiled yet. */
const FIRST_LIMIT_MS = 20;
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
}

/** A program in each family. */
const SAMPLES = [["main.ts", 'import "node:fs";'], ["main.py", "import os"]] as const;

const NOTHING: FileReading = { uses: [], steps: [], hasEffects: true };
const NOT_READ: FileReading = { ...NOTHING, unknown: { reason: "takes too long to read", isDynamic: false } };

/**
 * Reads the text of programs for their needs of a runtime. It never throws; needs that it cannot read in time are
 * unknown.
 */
export class NeedAnalyser {
  readonly #now: () => number;
  readonly #known = new Map<string, Needs>();
  readonly #compiled = new Set<Family>();

  constructor({ now = () => performance.now() }: NeedAnalyserOptions = {}) {
    this.#now = now;
  }

  /** Finds the needs of a program; undefined for a language that is not analysed. */
  async find({ entrypoint, files }: AnalysedProgram): Promise<Needs | undefined> {
    const family = FAMILIES[languageOfFile(entrypoint) ?? ""];
    if (family === undefined) return undefined;
    const sources = files.filter(({ path }) => FAMILIES[languageOfFile(path) ?? ""]?.name === family.name);
    const bytes = sources.reduce((total, file) => total + file.bytes.length, 0);
    if (bytes > MAX_SOURCE_BYTES) return unknown(`it is longer than ${MAX_SOURCE_BYTES} bytes`);
    if (sources.length > MAX_FILES) return unknown(`it has more than ${MAX_FILES} files`);
    const texts = decodeAll(sources);
    if (texts === undefined) return unknown("it is not UTF-8");
    const other = files.find(({ path }) => family.isOfAnotherKind?.(path, entrypoint) === true);
    const ofFiles = other === undefined ? [] : [needOfKind(other)];
    if (!texts.some(family.mayNeed)) return { known: true, uses: ofFiles };
    const key = keyOf({ entrypoint, files, texts });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const reader = await family.load().catch(() => undefined); // A parser reads variables, which few permissions forbid.
    if (reader === undefined) return unknown("its parser cannot be loaded here");
    const analysed = this.#analyse({ entrypoint, files, texts }, { family, reader });
    if (analysed === undefined) return unknown("it takes too long to read");
    const all = { ...analysed, uses: [...analysed.uses, ...ofFiles] };
    const needs = structuredClone(all); // Parts of a text would keep the whole text in memory.
    this.#remember(key, needs);
    return needs;
  }

  /**
   * Loads the parsers, so that the first requests need not.
   *
   * @throws the error of a parser as it is loaded
   */
  async load(): Promise<void> {
    for (const [entrypoint, code] of SAMPLES) {
      await FAMILIES[languageOfFile(entrypoint) ?? ""]?.load();
      await this.find({ entrypoint, files: [{ path: entrypoint, bytes: new TextEncoder().encode(code) }] });
    }
  }

  #remember(key: string, needs: Needs): void {
    if (JSON.stringify(needs).length > MAX_REMEMBERED_LENGTH) return;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(key, needs);
  }

  #analyse(
    { entrypoint, files, texts }: Pick<AnalysedProgram, "entrypoint" | "files"> & {
      readonly texts: readonly SourceFile[];
    },
    { family, reader }: { readonly family: Family; readonly reader: FamilyModule },
  ): Needs | undefined {
    const { parserFor, read, placesOf, reduce = (uses) => uses, excerptOf } = reader;
    const bounded = new BoundedParse(this.#compiled.has(family) ? LIMIT_MS : FIRST_LIMIT_MS, this.#now);
    this.#compiled.add(family);
    const readings = new Map<string, FileReading>();
    for (const file of texts) {
      if (!family.mayNeed(file)) {
        readings.set(file.path, NOTHING);
        continue;
      }
      const excerpt = excerptOf?.(file.text) ?? file.text;
      const parsed = bounded.parse(parserFor(file), excerpt, { takesBeginning: excerptOf !== undefined });
      if (parsed === undefined && excerptOf === undefined) return undefined;
      readings.set(file.path, parsed === undefined ? NOT_READ : readBeginning(file, parsed, read));
    }
    const needs = combine(readings, placesOf({ entrypoint, files }));
    return { ...needs, uses: reduce(needs.uses) };
  }
}

/** Reads a file, of which only the beginning may have been parsed. */
function readBeginning(file: SourceFile, { length, tree }: Parsed, read: FileReader): FileReading {
  const reading = read({ ...file, text: file.text.slice(0, length) }, tree);
  if (length === file.text.length) return reading;
  const unread = { reason: `is read up to character ${length} only`, isDynamic: false };
  return { ...reading, hasEffects: true, unknown: reading.unknown?.isDynamic === true ? reading.unknown : unread };
}

function needOfKind({ path }: RequestFile): Need {
  return { kind: "types", name: "another kind of file", file: path, line: 1, certain: false };
}

function unknown(reason: string): Needs {
  return { known: false, reason, uses: [] };
}

function decodeAll(files: readonly RequestFile[]): SourceFile[] | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return files.map(({ path, bytes }) => ({ path, text: decoder.decode(bytes) }));
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

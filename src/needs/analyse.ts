import type { RequestFile } from "../core/requests/request_files.ts";
import type { Need, Needs } from "../core/needs.ts";
import type { BoundedParse } from "./bounded_parse.ts";
import { combine } from "./combine.ts";
import type { Family, FamilyModule } from "./family.ts";
import type { AnalysedProgram, FileReading, SourceFile } from "./source_file.ts";

/** A program, and the texts of those of its files that its family reads. */
export interface AnalysedTexts extends Pick<AnalysedProgram, "entrypoint"> {
  readonly files: readonly Pick<RequestFile, "path">[];
  readonly texts: readonly SourceFile[];
}

/** How a program is read. */
export interface AnalyseOptions {
  readonly family: Family;
  readonly reader: FamilyModule;
  readonly bounded: BoundedParse;
  /** Whether only the beginnings of files are read. Absent, only families that always do so read beginnings. */
  readonly isBeginning?: boolean;
}

const NOTHING: FileReading = { uses: [], steps: [], hasEffects: true };
const NOT_READ: FileReading = { ...NOTHING, unknown: { reason: "takes too long to read", isDynamic: false } };

/** Reads the files of a program for its needs. Undefined when the time is over. */
export function analyse(
  { entrypoint, files, texts }: AnalysedTexts,
  { family, reader, bounded, isBeginning = false }: AnalyseOptions,
): Needs | undefined {
  const { parserFor, placesOf, maskOf = (text) => text, excerptOf, readsBeginnings = false, reduce = (uses) => uses } =
    reader;
  const readings = new Map<string, FileReading>();
  for (const file of texts) {
    if (!family.mayNeed(file)) {
      readings.set(file.path, NOTHING);
      continue;
    }
    const excerpt = isBeginning || readsBeginnings ? excerptOf(file.text) : file.text;
    const parsed = bounded.parse(parserFor(file), maskOf(excerpt), { takesBeginning: isBeginning });
    if (parsed === undefined && !isBeginning) return undefined;
    readings.set(file.path, parsed === undefined ? NOT_READ : readParsed(file, parsed, reader));
  }
  const needs = combine(readings, placesOf({ entrypoint, files }));
  const uses = [...reduce(needs.uses), ...needsOfKinds({ entrypoint, files }, family)];
  return structuredClone({ ...needs, uses }); // A part of a text would keep the whole text in memory.
}

/** The needs of a program that has a file of another kind, whatever its text. */
export function needsOfKinds({ entrypoint, files }: Omit<AnalysedTexts, "texts">, family: Family): Need[] {
  const other = files.find(({ path }) => family.isOfAnotherKind?.(path, entrypoint) === true);
  if (other === undefined) return [];
  return [{ kind: "types", name: "another kind of file", file: other.path, line: 1, certain: false }];
}

/** The reading of a file, of which only the beginning may have been parsed. */
function readParsed(
  { path, text }: SourceFile,
  { length, tree }: NonNullable<ReturnType<BoundedParse["parse"]>>,
  { read }: FamilyModule,
): FileReading {
  if (length === text.length) return read({ path, text }, tree);
  const reading = read({ path, text: text.slice(0, length), rest: text.slice(length) }, tree);
  const unread = { reason: `is read up to character ${length} only`, isDynamic: false };
  return { ...reading, hasEffects: true, unknown: reading.unknown?.isDynamic === true ? reading.unknown : unread };
}

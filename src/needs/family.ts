import type { Parser } from "@lezer/common";
import type { Need } from "../core/needs.ts";
import type { AnalysedProgram, FileReader, LocalImport, SourceFile, Use } from "./source_file.ts";

/** Languages that one parser reads. */
export interface Family {
  readonly name: string;
  /** Whether a file may need anything; where not, it is not parsed. */
  mayNeed(file: SourceFile): boolean;
  /**
   * Whether a runtime that only erases types would read this file, or others because of it, differently, as one that has modules
   * alone reads those of CommonJS; absent, no file is such.
   */
  isOfAnotherKind?(path: string, entrypoint: string): boolean;
  /** Loads the parser. */
  load(): Promise<FamilyModule>;
}

/** What reads files of a family. */
export interface FamilyModule {
  parserFor(file: SourceFile): Parser;
  /** The beginning of a long text that is read in its stead; absent, all is read. */
  excerptOf?(text: string): string;
  readonly read: FileReader;
  /** What a program needs after all, judged by all of its uses; absent, all of them. */
  reduce?(uses: readonly Need[]): readonly Need[];
  placesOf(program: AnalysedProgram): Places;
}

/** How files are found. */
export interface Places {
  readonly entrypoint: string;
  /**
   * Finds the file of the program that a module names. It has no path where it is the program's but is not read further;
   * undefined where it is not the program's.
   */
  localOf(use: Use): { readonly path?: string } | undefined;
  /** Finds the file of the program that an import of another file means; absent, none is found. */
  fileOf?(local: LocalImport): string | undefined;
  /** Whether a module that is not found so may be the program's all the same; absent, none is. */
  mayBeLocal?(use: Use): boolean;
}

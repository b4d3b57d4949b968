import type { Parser } from "@lezer/common";
import type { Need } from "../core/needs.ts";
import type { FileReader, LocalImport, SourceFile, Use } from "./source_file.ts";

/** Languages that one parser reads. */
export interface Family {
  /** Whether a file may need anything; where not, it is not parsed. */
  mayNeed(file: SourceFile): boolean;
  /**
   * Whether a runtime that only erases types would read a file differently. It may also read others differently because
   * of the file. For example, a runtime with modules alone reads files of CommonJS differently. Absent, no file is
   * such.
   */
  isOfAnotherKind?(path: string, entrypoint: string): boolean;
  /** Loads the parser. */
  load(): Promise<FamilyModule>;
}

/** The reader of a family's files. */
export interface FamilyModule {
  parserFor(file: SourceFile): Parser;
  /** The beginning of a text, where it is long. */
  excerptOf(text: string): string;
  /** Whether no more than the beginning is ever read; absent, the whole text is. */
  readonly readsBeginnings?: boolean;
  /** Blanks syntax that the parser does not know, and keeps the length. Absent, the parser knows all. */
  maskOf?(text: string): string;
  /** Whether a text may be written for one runtime alone; absent, none is. */
  isForOne?(text: string): boolean;
  readonly read: FileReader;
  /** Reduces the uses of a program to its needs. Absent, every use is a need. */
  reduce?(uses: readonly Need[]): readonly Need[];
  placesOf(program: { readonly entrypoint: string; readonly files: readonly { readonly path: string }[] }): Places;
}

/** Finds files of a program. */
export interface Places {
  readonly entrypoint: string;
  /**
   * Finds the file of the program that a module names. The result has no path for a file that is not read further, and
   * is undefined for a module that is not the program's.
   */
  localOf(use: Use): { readonly path?: string } | undefined;
  /** Finds the file of the program that an import of another file means. Absent, none is found. */
  fileOf?(local: LocalImport): string | undefined;
  /** Whether a module that {@link localOf} does not find may still be the program's. Absent, none is. */
  mayBeLocal?(use: Use): boolean;
}

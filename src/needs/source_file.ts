import type { Tree } from "@lezer/common";
import type { Need } from "../core/needs.ts";
import type { RequestFile } from "../core/requests/request_files.ts";

/** A program: its files, and the one that runs. */
export interface AnalysedProgram {
  readonly files: readonly RequestFile[];
  readonly entrypoint: string;
}

/** A file of a program, as text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** What follows the text where it is only the beginning of its file. */
  readonly rest?: string;
}

/** A use of a feature that not every runtime has. */
export interface Use extends Pick<Need, "kind" | "name" | "effect" | "line"> {
  /** Whether no code of this file has an effect before the use. */
  readonly isFirst: boolean;
}

/** An import of another file of the program. */
export interface LocalImport {
  /** Paths that the import may mean, relative to the workspace. It means the first that is a file. */
  readonly paths: readonly string[];
  readonly line: number;
  readonly isFirst: boolean;
}

/** The needs in one file. */
export interface FileReading {
  readonly uses: readonly Use[];
  /** The uses and the imports of other files, in the order of the text. */
  readonly steps: readonly (Use | LocalImport)[];
  /** Whether importing the file may have an effect, beside that of its own imports. */
  readonly hasEffects: boolean;
  /** Why the uses may be incomplete. */
  readonly unknown?: Unknown;
}

/** Why the text does not show every use. */
export interface Unknown {
  readonly reason: string;
  readonly line?: number;
  /** Whether the program makes code or names when it runs. Then no use of the program is certain. */
  readonly isDynamic: boolean;
}

/** Reads the tree of a file. */
export type FileReader = (file: SourceFile, tree: Tree) => FileReading;

/** Creates a function that finds the line, from 1, of an offset. Its callers pass offsets in ascending order. */
export function createLineFinder(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (offset) => {
    while (next !== -1 && next < offset) {
      line++;
      next = text.indexOf("\n", next + 1);
    }
    return line;
  };
}

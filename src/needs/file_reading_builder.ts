import type { Need } from "../core/needs.ts";
import { createLineFinder, type FileReading, type LocalImport, type Unknown, type Use } from "./source_file.ts";

/** Where a fact is seen, and how it counts. */
interface Place {
  /** The offset in the text. Offsets ascend. */
  readonly at: number;
}

/** Collects what one file tells of what it needs, in the order of its text. */
export class FileReadingBuilder {
  readonly #lineAt: (offset: number) => number;
  readonly #uses: Use[] = [];
  readonly #steps: (Use | LocalImport)[] = [];
  #unknown: Unknown | undefined;
  #hasEffects = false;

  constructor(text: string) {
    this.#lineAt = createLineFinder(text);
  }

  /** Whether code of the file may have done something before the place that is read. */
  get hasEffects(): boolean {
    return this.#hasEffects;
  }

  markEffect(): void {
    this.#hasEffects = true;
  }

  addUse(use: Pick<Need, "kind" | "name" | "effect">, { at, isFirst }: Place & Pick<Use, "isFirst">): void {
    const placed = { ...use, line: this.#lineAt(at), isFirst };
    this.#uses.push(placed);
    this.#steps.push(placed);
  }

  addLocalImport({ paths }: Pick<LocalImport, "paths">, { at, isFirst }: Place & Pick<LocalImport, "isFirst">): void {
    this.#steps.push({ paths, line: this.#lineAt(at), isFirst });
  }

  /** Keeps the first reason of those that weigh most. */
  markUnknown(reason: string, { at, isDynamic }: Partial<Place> & Pick<Unknown, "isDynamic">): void {
    if (this.#unknown?.isDynamic === true || (this.#unknown !== undefined && !isDynamic)) return;
    this.#unknown = { reason, isDynamic, ...(at === undefined ? {} : { line: this.#lineAt(at) }) };
  }

  build(): FileReading {
    return {
      uses: this.#uses,
      steps: this.#steps,
      hasEffects: this.#hasEffects,
      ...(this.#unknown === undefined ? {} : { unknown: this.#unknown }),
    };
  }
}

import type { Need } from "../core/needs.ts";
import { createLineFinder, type FileReading, type LocalImport, type Unknown, type Use } from "./source_file.ts";

/** The place of a fact in the text. */
interface Place {
  /** The offset in the text. Offsets ascend. */
  readonly at: number;
}

/** Collects the needs in one file, in the order of its text. */
export class FileReadingBuilder {
  readonly #lineAt: (offset: number) => number;
  readonly #uses: Use[] = [];
  readonly #steps: (Use | LocalImport)[] = [];
  #unknown: Unknown | undefined;
  #hasEffects = false;

  constructor(text: string) {
    this.#lineAt = createLineFinder(text);
  }

  /** Whether code before the place that is read may have an effect. */
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

  /** Keeps the first reason of those with the most weight. */
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

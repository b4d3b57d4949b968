import type { Parser, Tree } from "@lezer/common";

/** Steps of a parser between two readings of the clock. They take some ten µs. */
const STEPS_BETWEEN = 16;
/** Most ms that count between two readings. Where more have passed, another process had the processor. */
const MAX_COUNTED_MS = 0.5;
/** A parse stops after this many times its limit in wall time. Other processes may have had the processor meanwhile. */
const MAX_LIMITS = 5;
/** Most steps in which a stopped parse closes its open nodes. */
const MAX_LAST_STEPS = 1_024;

/** The pace at which a parse reads its clock. */
export interface ClockReadings {
  /** Steps of a parser between two readings; 16 when absent. */
  readonly stepsBetween?: number;
  /** Most ms that count between two readings; 0.5 when absent. */
  readonly maxCountedMs?: number;
}

/** The tree of a text, or of its beginning. */
export interface Parsed {
  readonly tree: Tree;
  /** The number of characters that were read. */
  readonly length: number;
}

/** Parses the files of one program within one time limit. The limit counts this process's time alone. */
export class BoundedParse {
  readonly #now: () => number;
  readonly #endsAt: number;
  readonly #stepsBetween: number;
  readonly #maxCountedMs: number;
  #leftMs: number;
  #askedAt: number;

  /** @param now a clock in ms that never goes back */
  constructor(
    limitMs: number,
    now: () => number,
    { stepsBetween = STEPS_BETWEEN, maxCountedMs = MAX_COUNTED_MS }: ClockReadings = {},
  ) {
    this.#now = now;
    this.#stepsBetween = stepsBetween;
    this.#maxCountedMs = maxCountedMs;
    this.#leftMs = limitMs;
    this.#askedAt = now();
    this.#endsAt = this.#askedAt + MAX_LIMITS * limitMs;
  }

  /**
   * Parses a text; undefined when the time is over.
   *
   * @param options.takesBeginning whether a stopped parse returns the beginning that it read
   */
  parse(
    parser: Parser,
    text: string,
    { takesBeginning = false }: { readonly takesBeginning?: boolean } = {},
  ): Parsed | undefined {
    if (this.#leftMs < 0) return undefined;
    const parse = parser.startParse(text);
    let lastStep = Number.POSITIVE_INFINITY;
    for (let steps = 1; steps <= lastStep; steps++) {
      const tree = parse.advance();
      if (tree !== null) return { tree, length: parse.stoppedAt ?? text.length };
      if (parse.stoppedAt !== null || steps % this.#stepsBetween !== 0 || !this.#isOver()) continue;
      if (!takesBeginning) return undefined;
      parse.stopAt(parse.parsedPos);
      lastStep = steps + MAX_LAST_STEPS;
    }
    return undefined;
  }

  #isOver(): boolean {
    const now = this.#now();
    this.#leftMs -= now > this.#endsAt ? Number.POSITIVE_INFINITY : Math.min(now - this.#askedAt, this.#maxCountedMs);
    this.#askedAt = now;
    return this.#leftMs < 0;
  }
}

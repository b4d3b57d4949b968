import type { Parser, Tree } from "@lezer/common";

/** Steps of a parser between two questions to the clock: they take some ten µs. */
const STEPS_BETWEEN = 16;
/** The most ms that count between two questions: where more have passed, another process had the processor. */
const MAX_COUNTED_MS = 0.5;
/** How many times the limit may pass, whoever had the processor. */
const MAX_LIMITS = 50;

/** Parses the files of one program within one time limit, which is about this process alone. */
export class BoundedParse {
  readonly #now: () => number;
  readonly #endsAt: number;
  #leftMs: number;
  #askedAt: number;

  /** @param now a clock in ms that never goes back */
  constructor(limitMs: number, now: () => number) {
    this.#now = now;
    this.#leftMs = limitMs;
    this.#askedAt = now();
    this.#endsAt = this.#askedAt + MAX_LIMITS * limitMs;
  }

  /** Undefined when the time is over. */
  parse(parser: Parser, text: string): Tree | undefined {
    const parse = parser.startParse(text);
    for (let steps = 1;; steps++) {
      const tree = parse.advance();
      if (tree !== null) return tree;
      if (steps % STEPS_BETWEEN === 0 && this.#isOver()) return undefined;
    }
  }

  #isOver(): boolean {
    const now = this.#now();
    this.#leftMs -= Math.min(now - this.#askedAt, MAX_COUNTED_MS);
    this.#askedAt = now;
    return this.#leftMs < 0 || now > this.#endsAt;
  }
}

import type { Parser, Tree } from "@lezer/common";

/** Steps of a parser between two questions to the clock: they take some ten µs. */
const STEPS_BETWEEN = 16;

/** Parses the files of one program within one time limit. */
export class BoundedParse {
  readonly #now: () => number;
  readonly #endsAt: number;

  /** @param now a clock in ms that never goes back */
  constructor(limitMs: number, now: () => number) {
    this.#now = now;
    this.#endsAt = now() + limitMs;
  }

  /** Undefined when the time is over. */
  parse(parser: Parser, text: string): Tree | undefined {
    const parse = parser.startParse(text);
    for (let steps = 1;; steps++) {
      const tree = parse.advance();
      if (tree !== null) return tree;
      if (steps % STEPS_BETWEEN === 0 && this.#now() > this.#endsAt) return undefined;
    }
  }
}

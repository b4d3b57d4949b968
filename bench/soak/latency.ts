/** Turns that are not counted, in which the services' code is compiled; and turns that are. */
const TURNS = { learning: 500, counted: 400 } as const;
/** How far the bounds of a 97.5 % confidence interval stand from the middle, in standard deviations. */
const DEVIATIONS = 1.96;

/** Latencies of two services that ran the same program in turns, in ms: one pair a turn. */
export interface LatencyPair {
  readonly agedMs: number;
  readonly freshMs: number;
}

/** How much slower one service is than another. */
export interface Slowdown {
  /** The median of the pairs' ratios: what disturbs the machine meets both of a pair. */
  readonly ratio: number;
  /** What the true ratio exceeds with 97.5 % confidence: the spread of the pairs is the noise of this run. */
  readonly atLeast: number;
}

/** Runs the same program on a service that has run for long and on a fresh one, in turns. */
export async function measureInPairs(
  run: Readonly<Record<"aged" | "fresh", () => Promise<unknown>>>,
  { counted, learning }: Readonly<Record<keyof typeof TURNS, number>> = TURNS,
): Promise<LatencyPair[]> {
  const pairs: LatencyPair[] = [];
  for (let turn = -learning; turn < counted; turn++) {
    const order = turn % 2 === 0 ? ["aged", "fresh"] as const : ["fresh", "aged"] as const;
    const ms = { aged: 0, fresh: 0 };
    for (const name of order) {
      const startedAt = performance.now();
      await run[name]();
      ms[name] = performance.now() - startedAt;
    }
    if (turn >= 0) pairs.push({ agedMs: ms.aged, freshMs: ms.fresh });
  }
  return pairs;
}

/** Compares two services by their pairs; the interval is that of the sign test, which assumes nothing of the spread. */
export function slowdownOf(pairs: readonly LatencyPair[]): Slowdown {
  const ratios = pairs.map(({ agedMs, freshMs }) => agedMs / freshMs).toSorted((a, b) => a - b);
  const middle = ratios.length / 2;
  const lowest = Math.floor(middle - DEVIATIONS * Math.sqrt(ratios.length) / 2);
  return { ratio: ratios[Math.floor(middle)] ?? Number.NaN, atLeast: ratios[Math.max(lowest, 0)] ?? Number.NaN };
}

import { assert } from "@std/assert";
import { type LatencyPair, slowdownOf } from "../../bench/soak/latency.ts";

const PAIRS = 400;
const MAX_SLOWDOWN = 1.1;

/** Numbers between 0 and 1 that are the same in every run: a linear congruential generator. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/** Pairs on a machine whose noise multiplies each latency by up to `noise`, and each pair of some time by `burst`. */
function pairsOf(
  slowdown: number,
  { burst = 1, noise, seed }: { readonly burst?: number; readonly noise: number; readonly seed: number },
): LatencyPair[] {
  const random = createRandom(seed);
  return Array.from({ length: PAIRS }, (_, turn) => {
    const busy = turn > PAIRS / 3 && turn < PAIRS / 2 ? burst : 1;
    const latency = () => 6 * busy * (1 + noise * random());
    return { agedMs: slowdown * latency(), freshMs: latency() };
  });
}

const SEEDS = Array.from({ length: 50 }, (_, index) => 17 + 1_000 * index);

Deno.test("slowdownOf() finds no slowdown of more than 10 % between equal services, however noisy the machine", () => {
  for (const seed of SEEDS) {
    for (const noise of [0.1, 1, 5]) {
      const { atLeast } = slowdownOf(pairsOf(1, { burst: 8, noise, seed }));
      assert(atLeast < MAX_SLOWDOWN, `${atLeast} with noise ${noise} and seed ${seed}`);
    }
  }
});

Deno.test("slowdownOf() finds a service that has become slower by 20 %, in common noise and with a burst", () => {
  for (const seed of SEEDS) {
    for (const noise of [0, 0.1, 0.4]) {
      const { atLeast, ratio } = slowdownOf(pairsOf(1.2, { burst: 8, noise, seed }));
      assert(atLeast > MAX_SLOWDOWN && ratio < 1.3, `${atLeast}, ${ratio} with noise ${noise} and seed ${seed}`);
    }
  }
});

Deno.test("slowdownOf() finds a service that has become twice as slow in any noise", () => {
  for (const seed of SEEDS) {
    const { atLeast } = slowdownOf(pairsOf(2, { noise: 5, seed }));
    assert(atLeast > MAX_SLOWDOWN, `${atLeast} with seed ${seed}`);
  }
});

Deno.test("slowdownOf() finds nothing in no pairs", () => {
  const { ratio } = slowdownOf([]);
  assert(Number.isNaN(ratio));
});

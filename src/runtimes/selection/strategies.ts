import type { Preference, ScoreInputs } from "../../core/selection.ts";

/** The share by which a challenger's start-up and memory must at least be better. */
const MARGIN = 0.1;

/** A way to rank: a pure function of the inputs. The highest score wins. */
export type Strategy = (inputs: ScoreInputs) => number;

/** The four strategies of the original design. */
export const STRATEGIES: Readonly<Record<Preference, Strategy>> = {
  speed: ({ startupMs }) => -startupMs,
  security: ({ isolationLevel }) => isolationLevel,
  memory: ({ memoryMb }) => -memoryMb,
  balanced: ({ startupMs, memoryMb, isolationLevel }) =>
    1000 / (startupMs + 1) + 1000 / (memoryMb + 1) + isolationLevel / 2,
};

/** An item of a ranking: its inputs, with and without measurements. */
export interface Ranked {
  readonly candidate: { readonly inputs: ScoreInputs };
  readonly declared: ScoreInputs;
}

/**
 * Ranks the runtimes that passed, best first. Declared inputs give the order, and ties keep the given one, unless
 * measurements give another. A challenger must win by more than 10 %, so that noise does not change the choice: it must
 * win also against a runtime with a tenth less of start-up and memory, in whole ms and MB. Isolation is not measured,
 * and gets no such benefit.
 */
export function rankBy<One extends Ranked>(strategy: Strategy, passed: readonly One[]): One[] {
  const left = passed.toSorted((a, b) => strategy(b.declared) - strategy(a.declared));
  const ranked: One[] = [];
  while (left.length > 0) {
    const best = Math.max(...left.map(({ candidate }) => strategy(candidate.inputs)));
    const holding = left.findIndex(({ candidate }) => strategy(withBenefit(candidate.inputs)) >= best);
    ranked.push(...left.splice(holding, 1));
  }
  return ranked;
}

function withBenefit(inputs: ScoreInputs): ScoreInputs {
  return {
    ...inputs,
    startupMs: Math.floor(inputs.startupMs * (1 - MARGIN)),
    memoryMb: Math.floor(inputs.memoryMb * (1 - MARGIN)),
  };
}

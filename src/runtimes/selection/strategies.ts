import type { Preference, ScoreInputs } from "../../core/selection.ts";

/** By what share start-up and memory of a challenger must be better, and more. */
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

/** An item of a ranking: its inputs, and the same without measurements. */
export interface Ranked {
  readonly candidate: { readonly inputs: ScoreInputs };
  readonly declared: ScoreInputs;
}

/**
 * Ranks those that passed, best first. Declared inputs give the order, ties in the order given, unless measurements
 * give another: a challenger must win by more than 10 %, so that noise does not turn the choice. That is, it must win
 * also against the same with a tenth less of start-up and memory, in whole ms and MB. Isolation is not measured, and
 * gets no such benefit.
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

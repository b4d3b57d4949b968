import type { Preference, ScoreInputs } from "../../core/selection.ts";

/** The share by which a challenger's start-up and memory must at least be better. */
const MARGIN = 0.1;

/** A way to rank: a pure function of the inputs. The highest score wins. */
export type Strategy = (inputs: ScoreInputs) => number;

/** Memory below this scores as this, in MB. A program of one line is smaller anywhere, and how much is no reason. */
const LEAST_MEMORY_MB = 16;

/** The least factor and difference, in ms, of a far slower start. */
const FAR_SLOWER = { times: 10, ms: 200 };
/** The memory that is worth such a wait, in MB. */
const WORTH_WAITING_MB = 64;
/** The preferences by which less memory makes up for a slower start. */
const WEIGHS_MEMORY: readonly Preference[] = ["memory", "balanced"];

/** The four strategies of the original design. */
export const STRATEGIES: Readonly<Record<Preference, Strategy>> = {
  speed: ({ startupMs }) => -startupMs,
  security: ({ isolationLevel }) => isolationLevel,
  memory: (inputs) => -memoryOf(inputs),
  balanced: (inputs) => 1000 / (inputs.startupMs + 1) + 1000 / (memoryOf(inputs) + 1) + inputs.isolationLevel / 2,
};

function memoryOf({ memoryMb }: ScoreInputs): number {
  return Math.max(memoryMb, LEAST_MEMORY_MB);
}

/** An item of a ranking: its inputs, with and without measurements. */
export interface Ranked {
  readonly candidate: { readonly inputs: ScoreInputs };
  readonly declared: ScoreInputs;
}

/**
 * Ranks the runtimes that passed, best first. Declared inputs give the order, and ties keep the given one. The runtimes
 * that were measured then change places among themselves: measurements are compared with measurements alone. Where
 * memory counts, none comes before another that is far faster and takes little more.
 */
export function rankBy<One extends Ranked>(preference: Preference, passed: readonly One[]): One[] {
  const strategy = STRATEGIES[preference];
  const byDeclared = passed.toSorted((a, b) => strategy(b.declared) - strategy(a.declared));
  const measured = rankMeasured(strategy, byDeclared.filter(isMeasured));
  const ranked = byDeclared.map((one) => isMeasured(one) ? measured.shift() ?? one : one);
  return WEIGHS_MEMORY.includes(preference) ? withoutLongWaits(ranked) : ranked;
}

function isMeasured({ candidate: { inputs } }: Ranked): boolean {
  return inputs.source === "measured";
}

/**
 * Ranks by measurements. A challenger must win by more than 10 %, so that noise does not change the choice: it must win
 * also against a runtime with a tenth less of start-up and memory, in whole ms and MB. Isolation is not measured, and
 * gets no such benefit.
 */
function rankMeasured<One extends Ranked>(strategy: Strategy, measured: readonly One[]): One[] {
  const left = [...measured];
  const ranked: One[] = [];
  while (left.length > 0) {
    const best = Math.max(...left.map(({ candidate }) => strategy(candidate.inputs)));
    const holding = left.findIndex(({ candidate }) => strategy(withBenefit(candidate.inputs)) >= best);
    ranked.push(...left.splice(holding, 1));
  }
  return ranked;
}

/** Moves runtimes that are far faster before those that save little memory. */
function withoutLongWaits<One extends Ranked>(ordered: readonly One[]): One[] {
  const left = [...ordered];
  const ranked: One[] = [];
  while (left.length > 0) {
    let [at, next] = [0, 0];
    do {
      at = next;
      next = left.findIndex((one) => isFarFaster(one, left[at]));
    } while (next >= 0);
    ranked.push(...left.splice(at, 1));
  }
  return ranked;
}

/** Whether a runtime is far faster than another that saves little memory. The latest figures of each count. */
function isFarFaster({ candidate: { inputs: one } }: Ranked, other: Ranked | undefined): boolean {
  if (other === undefined) return false;
  const { memoryMb, startupMs } = other.candidate.inputs;
  return startupMs >= one.startupMs * FAR_SLOWER.times && startupMs >= one.startupMs + FAR_SLOWER.ms &&
    one.memoryMb - memoryMb < WORTH_WAITING_MB;
}

function withBenefit(inputs: ScoreInputs): ScoreInputs {
  return {
    ...inputs,
    startupMs: Math.floor(inputs.startupMs * (1 - MARGIN)),
    memoryMb: Math.floor(inputs.memoryMb * (1 - MARGIN)),
  };
}

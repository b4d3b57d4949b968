import type { Preference, ScoreInputs } from "../core/selection.ts";

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

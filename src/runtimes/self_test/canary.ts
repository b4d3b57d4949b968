import type { CanaryFinding } from "../../core/diagnosis.ts";
import { messageOf } from "../../core/errors.ts";

/**
 * The cost of a broken promise. `runtime`: the runtime is off. `filter`, `limit`: the level loses the share of its
 * filter or limits.
 */
export type CanaryCost = "runtime" | "filter" | "limit";

/** A promise about programs, and how an observation of its hostile program is judged. */
export interface Canary<Observation> {
  readonly name: string;
  readonly promise: string;
  readonly cost: CanaryCost;
  /** The fault that breaks the promise; undefined when the promise is kept. */
  readonly fault: (observation: Observation) => string | undefined;
}

/** The name of the canary that does nothing hostile. A runtime that runs nothing keeps every other promise. */
export const HONEST_CANARY = "honest";

/** Judges each canary by its observation. A canary that cannot be observed counts as broken. */
export function judge<Observation, Details>(
  canaries: readonly (Canary<Observation> & Details)[],
  observe: (canary: Canary<Observation> & Details) => Observation | Promise<Observation>,
): Promise<CanaryFinding[]> {
  return Promise.all(canaries.map(async (canary) => {
    const { name, promise } = canary;
    try {
      const detail = canary.fault(await observe(canary));
      return { name, promise, kept: detail === undefined, ...(detail === undefined ? {} : { detail }) };
    } catch (error) {
      return { name, promise, kept: false, detail: messageOf(error) };
    }
  }));
}

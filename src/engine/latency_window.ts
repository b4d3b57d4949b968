import type { Answer } from "../core/answers/answer.ts";
import type { latencyStepSchema } from "../core/answers/activity.ts";
import type { percentilesSchema } from "../core/answers/runtime.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { EndedExecution, Observer } from "./observer.ts";

/** Age at which a sample leaves the window, in ms. */
export const WINDOW_MS = 600_000;
/** Length of a step, in ms. */
export const STEP_MS = 10_000;
/** Most samples in the window. At a higher rate it holds a shorter time. */
const MAX_SAMPLES = 4_096;

type Percentiles = Answer<typeof percentilesSchema>;
type Step = Answer<typeof latencyStepSchema>;

interface Sample {
  readonly runtime: string;
  /** In ms since 1970. */
  readonly endedAt: number;
  readonly startupMs: number;
  readonly wallMs: number;
}

/** The latencies of some executions. */
export interface Latencies extends Omit<Step, "at"> {
  readonly steps: readonly Step[];
}

/** Keeps the latencies of the latest executions. They are summarized only when they are asked for. */
export class LatencyWindow implements Observer {
  #samples: Sample[] = [];

  executionEnded({ endedAt, result }: EndedExecution): void {
    if (result instanceof CodeBeakerError) return;
    const { runtime, usage: { startupMs, wallMs } } = result;
    this.#samples.push({ runtime, endedAt, startupMs, wallMs });
    if (this.#samples.length >= 2 * MAX_SAMPLES) this.#samples = this.#samples.slice(-MAX_SAMPLES);
  }

  /** Summarizes a runtime's samples. `now` is the time of day, in ms since 1970. */
  read(runtime: string, now: number): Latencies {
    this.#samples = this.#samples.slice(-MAX_SAMPLES).filter(({ endedAt }) => endedAt > now - WINDOW_MS);
    const own = this.#samples.filter((sample) => sample.runtime === runtime);
    const steps = Map.groupBy(own, ({ endedAt }) => Math.floor(endedAt / STEP_MS));
    return {
      ...summarize(own),
      steps: [...steps].toSorted(([a], [b]) => a - b).map(([step, samples]) => ({
        at: new Date(step * STEP_MS).toISOString(),
        ...summarize(samples),
      })),
    };
  }
}

function summarize(samples: readonly Sample[]): Omit<Step, "at"> {
  return {
    executions: samples.length,
    startupMs: percentilesOf(samples.map(({ startupMs }) => startupMs).filter((ms) => ms > 0)), // A cell starts nothing.
    wallMs: percentilesOf(samples.map(({ wallMs }) => wallMs)),
  };
}

/** The least values that half, and 95 of 100, of all values do not exceed. */
function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}

import type { Answer } from "../core/answers/answer.ts";
import type { activitySchema } from "../core/answers/activity.ts";
import { type LatencyWindow, STEP_MS, WINDOW_MS } from "../engine/mod.ts";
import type { MetricSources } from "../metrics.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";

/** Time for which an answer is kept, in ms. To summarize a full window takes up to 10 ms. */
const KEPT_MS = 1_000;

type ActivityAnswer = Required<Answer<typeof activitySchema>>;

/** The sources of a service's activity. */
export interface ActivitySources {
  readonly figures: MetricSources;
  readonly latencies: Pick<LatencyWindow, "read">;
  readonly runtimes: readonly Pick<ExecutionRuntime, "name">[];
  /** The time of day, in ms since 1970. */
  readonly now: number;
}

/** Makes a reader that keeps each answer for a second. `elapsed` is a time in ms. */
export function keepActivity(read: () => ActivityAnswer, elapsed: () => number): () => ActivityAnswer {
  let kept: { readonly answer: ActivityAnswer; readonly readAt: number } | undefined;
  return () => {
    if (kept === undefined || elapsed() - kept.readAt >= KEPT_MS) kept = { answer: read(), readAt: elapsed() };
    return kept.answer;
  };
}

/** Reads the activity of a service from its parts. */
export function readActivity({ figures, latencies, now, runtimes }: ActivitySources): ActivityAnswer {
  const pools = new Map(figures.pools().map(({ runtime, ...state }) => [runtime, state]));
  return {
    startedAt: new Date(performance.timeOrigin).toISOString(),
    windowMs: WINDOW_MS,
    stepMs: STEP_MS,
    service: {
      running: figures.running(),
      queued: figures.queueLength(),
      sessions: figures.sessions(),
      contexts: figures.contexts(),
    },
    runtimes: runtimes.map(({ name }) => {
      const pool = pools.get(name);
      return { runtime: name, ...(pool === undefined ? {} : { pool }), ...latencies.read(name, now) };
    }),
  };
}

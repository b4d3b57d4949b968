import type { activitySchema } from "../../../../core/answers/activity.ts";
import type { AnswerOf } from "../api/request.ts";

type Answered = AnswerOf<typeof activitySchema>;

/** The activity of the service, with its latencies. */
export type Activity = Answered & Required<Pick<Answered, "runtimes">>;

/** Whether the key may see latencies, which are of all tenants. */
export function hasLatencies(answered: Answered | undefined): answered is Activity {
  return answered?.runtimes !== undefined;
}

/** The part of a latency that is drawn. */
export type Measure = "startupMs" | "wallMs";

/** One line of the chart; null where nothing ended. */
export interface Series {
  readonly runtime: string;
  /** The number of its colour, which a runtime has always. */
  readonly color: number;
  readonly share: "p50" | "p95";
  readonly values: readonly (number | null)[];
}

/** The lines of the chart, and their times in s since 1970. */
export interface Lines {
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

/** Lays the steps of all runtimes on one axis of time. `now` is in ms since 1970. */
export function toLines({ runtimes, stepMs, windowMs }: Activity, measure: Measure, now: number): Lines {
  const last = Math.floor(now / stepMs);
  const first = last - Math.floor(windowMs / stepMs) + 1;
  const times = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * stepMs / 1_000);
  const series = runtimes.flatMap(({ runtime, steps }, color) => {
    if (steps.length === 0) return [];
    const byTime = new Map(steps.map((step) => [Date.parse(step.at) / 1_000, step[measure]]));
    return (["p50", "p95"] as const).map((share) => ({
      runtime,
      color,
      share,
      values: times.map((time) => byTime.get(time)?.[share] ?? null),
    }));
  });
  return { times, series };
}

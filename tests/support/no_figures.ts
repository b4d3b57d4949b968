import type { MetricSources } from "../../src/metrics.ts";

/** Of a service in which nothing goes on. */
export const NO_FIGURES: MetricSources = {
  queueLength: () => 0,
  running: () => 0,
  sessions: () => 0,
  contexts: () => 0,
  requestBytes: () => 0,
  pools: () => [],
};

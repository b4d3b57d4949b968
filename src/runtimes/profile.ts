import { MEBIBYTE } from "../core/limits.ts";

/** The samples a figure is made of; older ones are forgotten. */
const WINDOW = 256;

/** The middle and the tail of what was measured, null without samples. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** What was measured of a runtime since the service started. */
export interface Measured {
  readonly samples: number;
  readonly startupMs: Percentiles;
  readonly memoryMb: Percentiles;
  /** Environments or programs that could not be started. */
  readonly failures: number;
}

/** What one execution showed of its runtime. */
export interface Sample {
  readonly startupMs: number;
  readonly peakMemoryBytes: number | null;
}

/** Start-up and memory of one runtime as its executions show them. */
export class RuntimeProfile {
  readonly #startupMs: number[] = [];
  readonly #memoryMb: number[] = [];
  #samples = 0;
  #failures = 0;

  record({ startupMs, peakMemoryBytes }: Sample): void {
    this.#samples++;
    keep(this.#startupMs, startupMs);
    if (peakMemoryBytes !== null) keep(this.#memoryMb, peakMemoryBytes / MEBIBYTE);
  }

  recordFailure(): void {
    this.#failures++;
  }

  read(): Measured {
    return {
      samples: this.#samples,
      startupMs: percentiles(this.#startupMs),
      memoryMb: percentiles(this.#memoryMb),
      failures: this.#failures,
    };
  }
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > WINDOW) values.shift();
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}

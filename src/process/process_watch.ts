import type { UsageSample } from "./child_processes.ts";

/** Intervals between samples. The first samples are frequent, since most programs are short. */
const FIRST_SAMPLE_MS = 4;
const STEADY_SAMPLE_MS = 20;
/** Interval while the processes rest. */
const RESTING_SAMPLE_MS = 200;

/** The result without a sample. It holds before the first one, and for a program too short for any. */
const NO_SAMPLE: UsageSample = {
  cpuMs: null,
  peakMemoryBytes: null,
  processes: 0,
  descriptors: 0,
  isOutOfMemory: false,
  wasRefusedTasks: false,
};

/** Samples the processes of one program until stopped, and keeps the highest values. */
export class ProcessWatch {
  readonly #sample: () => UsageSample | undefined;
  readonly #onSample: (seen: UsageSample) => void;
  #seen = NO_SAMPLE;
  readonly #mayRest: boolean;
  #works = false;
  #isResting = false;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param sample undefined when it finds nothing; the next sample may find something, since a fork bomb hides its
   * processes from `/proc`
   * @param options.mayRest whether processes that use no CPU time and do not work are sampled less often. Default: no.
   */
  constructor(
    sample: () => UsageSample | undefined,
    onSample: (seen: UsageSample) => void,
    { mayRest = false }: { readonly mayRest?: boolean | undefined } = {},
  ) {
    this.#sample = sample;
    this.#onSample = onSample;
    this.#mayRest = mayRest;
  }

  /** Whether samples are rare now, as the last two show no CPU time. */
  get isResting(): boolean {
    return this.#isResting;
  }

  get seen(): UsageSample {
    return this.#seen;
  }

  /** Adds a sample that was taken elsewhere. */
  see(sample: UsageSample): void {
    this.#seen = {
      cpuMs: highest(this.#seen.cpuMs, sample.cpuMs),
      peakMemoryBytes: highest(
        this.#seen.peakMemoryBytes,
        sample.peakMemoryBytes === 0 ? null : sample.peakMemoryBytes,
      ),
      processes: Math.max(this.#seen.processes, sample.processes),
      descriptors: Math.max(this.#seen.descriptors, sample.descriptors),
      isOutOfMemory: this.#seen.isOutOfMemory || sample.isOutOfMemory,
      wasRefusedTasks: this.#seen.wasRefusedTasks || sample.wasRefusedTasks,
    };
  }

  /** Takes the first sample now, unless there is one. So the shortest program has one. */
  start(): void {
    if (this.#isStopped) return;
    if (this.#seen === NO_SAMPLE) this.#sampleNow();
    this.#schedule(FIRST_SAMPLE_MS);
  }

  /** Takes a last sample of a program that has reported its end. */
  sampleOnce(): void {
    if (!this.#isStopped && this.#sampleNow()) this.#onSample(this.#seen);
  }

  /** Ends a rest, as the processes work. Samples are frequent until {@link endWork}, also while no CPU time is used. */
  beginWork(): void {
    this.#works = true;
    if (!this.#isResting || this.#isStopped) return;
    this.#isResting = false;
    clearTimeout(this.#timer);
    this.#schedule(FIRST_SAMPLE_MS);
  }

  /** Lets the processes rest when they use no CPU time. */
  endWork(): void {
    this.#works = false;
  }

  /** Stops for good, also before the first sample. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const { cpuMs } = this.#seen;
      if (this.#sampleNow()) this.#onSample(this.#seen);
      if (this.#isStopped) return;
      this.#isResting = this.#mayRest && !this.#works && delayMs >= STEADY_SAMPLE_MS && cpuMs === this.#seen.cpuMs;
      this.#schedule(this.#isResting ? RESTING_SAMPLE_MS : Math.min(delayMs * 2, STEADY_SAMPLE_MS));
    }, delayMs);
  }

  #sampleNow(): boolean {
    const sample = this.#sample();
    if (sample !== undefined) this.see(sample);
    return sample !== undefined;
  }
}

function highest(before: number | null, now: number | null): number | null {
  return now === null ? before : Math.max(before ?? 0, now);
}

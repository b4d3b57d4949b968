import type { UsageSample } from "./child_processes.ts";

/** Intervals between samples. The first samples are frequent, since most programs are short. */
const FIRST_SAMPLE_MS = 4;
const STEADY_SAMPLE_MS = 20;

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
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param sample undefined when it finds nothing; the next sample may find something, since a fork bomb hides its
   * processes from `/proc`
   */
  constructor(sample: () => UsageSample | undefined, onSample: (seen: UsageSample) => void) {
    this.#sample = sample;
    this.#onSample = onSample;
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

  /** Stops for good, also before the first sample. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      if (this.#sampleNow()) this.#onSample(this.#seen);
      if (!this.#isStopped) this.#schedule(Math.min(delayMs * 2, STEADY_SAMPLE_MS));
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

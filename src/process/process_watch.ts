import type { Tally } from "./child_processes.ts";

/** Looks come quickly at first, since most programs are short, and then at this pace. */
const FIRST_LOOK_MS = 4;
const STEADY_LOOK_MS = 20;

/** Before anything was seen. */
const NOTHING_SEEN: Tally = {
  cpuMs: null,
  peakMemoryBytes: null,
  processes: 0,
  descriptors: 0,
  isOutOfMemory: false,
  wasRefusedTasks: false,
};

/** Looks at the processes of one program until stopped, and keeps the highest values seen. */
export class ProcessWatch {
  readonly #look: () => Tally | undefined;
  readonly #onLook: (seen: Tally) => void;
  #seen = NOTHING_SEEN;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param look undefined when there is nothing to see, which the next look may find: a fork bomb hides what it is from
   *   `/proc`
   */
  constructor(look: () => Tally | undefined, onLook: (seen: Tally) => void) {
    this.#look = look;
    this.#onLook = onLook;
  }

  get seen(): Tally {
    return this.#seen;
  }

  /** Takes in what was seen elsewhere, before there was anything to watch. */
  see(tally: Tally): void {
    this.#seen = {
      cpuMs: highest(this.#seen.cpuMs, tally.cpuMs),
      peakMemoryBytes: highest(this.#seen.peakMemoryBytes, tally.peakMemoryBytes === 0 ? null : tally.peakMemoryBytes),
      processes: Math.max(this.#seen.processes, tally.processes),
      descriptors: Math.max(this.#seen.descriptors, tally.descriptors),
      isOutOfMemory: this.#seen.isOutOfMemory || tally.isOutOfMemory,
      wasRefusedTasks: this.#seen.wasRefusedTasks || tally.wasRefusedTasks,
    };
  }

  /** The first look is now, unless it was seen before, so that even the shortest program is seen. */
  start(): void {
    if (this.#isStopped) return;
    if (this.#seen === NOTHING_SEEN) this.#lookNow();
    this.#schedule(FIRST_LOOK_MS);
  }

  /** A last look at a program that has told its end, and is still there. */
  lookOnceMore(): void {
    if (!this.#isStopped && this.#lookNow()) this.#onLook(this.#seen);
  }

  /** No look follows, also where the program ended before the watch began. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      if (this.#lookNow()) this.#onLook(this.#seen);
      if (!this.#isStopped) this.#schedule(Math.min(delayMs * 2, STEADY_LOOK_MS));
    }, delayMs);
  }

  #lookNow(): boolean {
    const tally = this.#look();
    if (tally !== undefined) this.see(tally);
    return tally !== undefined;
  }
}

function highest(before: number | null, now: number | null): number | null {
  return now === null ? before : Math.max(before ?? 0, now);
}

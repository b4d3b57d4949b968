import { type Ending, ENDING_WORDS, type FinalDisk, parseDisk, parseEnding, UNKNOWN_DISK } from "./ending.ts";
import { numberOf } from "./launch_phase.ts";

/** How often the launcher reports the end. It does so on both streams, so that all output before it has come. */
const ENDINGS = 2;

/** The usage of a container at the end of its program. A field is null where the launcher does not know it. */
export interface FinalUsage {
  readonly cpuNs: number | null;
  readonly peakMemoryBytes: number | null;
  /** The number of packets for which it had no route. */
  readonly unrouted: number | null;
}

/** The launcher's report of the end of its program, which comes in parts. */
export class FinalReport {
  readonly #readDisk: () => FinalDisk | undefined;
  #endings = 0;
  #ending: Ending | undefined;
  #disk: FinalDisk | undefined;

  /**
   * @param readDisk reads the disk from this machine; where it cannot, the launcher reports the disk, which takes 1 ms
   *   longer
   */
  constructor(readDisk: () => FinalDisk | undefined) {
    this.#readDisk = readDisk;
  }

  /** Whether the end was reported on both streams: later output is that of orphan processes. */
  get hasEnded(): boolean {
    return this.#endings === ENDINGS;
  }

  get isComplete(): boolean {
    return this.hasEnded && this.#disk !== undefined;
  }

  /** How the program ended; undefined before that is reported. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get disk(): FinalDisk {
    return this.#disk ?? UNKNOWN_DISK;
  }

  /** Takes one part of the report; returns the usage in it. Ignores words that are no such part. */
  take([name, ...words]: readonly string[]): FinalUsage | undefined {
    if (name === "disk") {
      this.#disk ??= parseDisk(words);
      return undefined;
    }
    const ending = name === "ended" ? parseEnding(words) : undefined;
    if (ending === undefined) return undefined;
    this.#ending = ending;
    this.#endings++;
    if (this.hasEnded) this.#disk ??= this.#readDisk();
    const [cpuNs = null, peakMemoryBytes = null, unrouted = null] = words.slice(ENDING_WORDS).map(numberOf);
    return { cpuNs, peakMemoryBytes, unrouted };
  }
}

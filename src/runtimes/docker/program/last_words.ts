import { type DiskAtEnd, type Ending, ENDING_WORDS, parseDisk, parseEnding, UNSEEN_DISK } from "./ending.ts";
import { numberOf } from "./launch_phase.ts";

/** The launcher tells the end on both streams: what came before on either is then complete. */
const ENDINGS = 2;

/** What a container had used when its program ended, null where the launcher does not know. */
export interface CountsAtEnd {
  readonly cpuNs: number | null;
  readonly peakMemoryBytes: number | null;
  /** Packets for which it had no route. */
  readonly unrouted: number | null;
}

/** What a launcher tells in the end. */
export class LastWords {
  readonly #lookAtDisk: () => DiskAtEnd | undefined;
  #endingsSeen = 0;
  #ending: Ending | undefined;
  #disk: DiskAtEnd | undefined;

  /** @param lookAtDisk where it finds nothing, the launcher's own look is waited for, which takes 1 ms more */
  constructor(lookAtDisk: () => DiskAtEnd | undefined) {
    this.#lookAtDisk = lookAtDisk;
  }

  /** Whether the program's end was told on both streams: what is printed after that is of what it left running. */
  get hasEnded(): boolean {
    return this.#endingsSeen === ENDINGS;
  }

  /** Whether everything was told. */
  get areComplete(): boolean {
    return this.hasEnded && this.#disk !== undefined;
  }

  /** How the program ended, once that was told. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get disk(): DiskAtEnd {
    return this.#disk ?? UNSEEN_DISK;
  }

  /** Takes in what was told; gives what goes along with an ending. What no launcher says is nothing. */
  take([name, ...words]: readonly string[]): CountsAtEnd | undefined {
    if (name === "disk") {
      this.#disk ??= parseDisk(words);
      return undefined;
    }
    const ending = name === "ended" ? parseEnding(words) : undefined;
    if (ending === undefined) return undefined;
    this.#ending = ending;
    this.#endingsSeen++;
    if (this.hasEnded) this.#disk ??= this.#lookAtDisk();
    const [cpuNs = null, peakMemoryBytes = null, unrouted = null] = words.slice(ENDING_WORDS).map(numberOf);
    return { cpuNs, peakMemoryBytes, unrouted };
  }
}

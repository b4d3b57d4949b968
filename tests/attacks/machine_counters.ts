import { delay } from "../../src/concurrency/delay.ts";

const LOOK_MS = 20;
/** How long the kernel may take to give back what an ended program had, in ms. */
const GIVEN_BACK_MS = 15_000;

/** How a counter of the whole machine is read. One that this kernel lacks stays at 0. */
const READERS = {
  /** Requests that contexts of AIO have room for; of fs.aio-max-nr. */
  aioRequests: () => numberIn("/proc/sys/fs/aio-nr"),
  /** Pseudo terminals; of kernel.pty.max. */
  terminals: () => numberIn("/proc/sys/kernel/pty/nr"),
  /** Open files; of fs.file-max. */
  openFiles: () => numberIn("/proc/sys/fs/file-nr"),
  /** Keys of all users; of kernel.keys.maxkeys for each. */
  keys: () => linesOf("/proc/key-users").reduce((sum, line) => sum + Number(line.split(/[\s/]+/)[3] ?? 0), 0),
  /** Locks and leases of files. */
  fileLocks: () => linesOf("/proc/locks").length,
  /** Objects of System V in the machine's own namespace; of kernel.shmmni, kernel.msgmni and kernel.sem. */
  systemVObjects: () =>
    ["shm", "msg", "sem"].reduce((sum, kind) => sum + linesOf(`/proc/sysvipc/${kind}`).length - 1, 0),
} as const satisfies Readonly<Record<string, () => number>>;

/** What the kernel counts for all programs of the machine together. */
export type MachineCounter = keyof typeof READERS;

/** How far each counter may grow. */
export type MachineBounds = Readonly<Partial<Record<MachineCounter, number>>>;

const COUNTERS = Object.keys(READERS) as readonly MachineCounter[];

type Figures = Readonly<Record<MachineCounter, number>>;

/** Looks at the machine's counters, from before an attack until it is disposed of. */
export class MachineWatch implements Disposable {
  readonly #bounds: MachineBounds;
  readonly #before = readCounters();
  readonly #timer: ReturnType<typeof setInterval>;
  #peak: Figures = this.#before;

  constructor(bounds: MachineBounds) {
    this.#bounds = bounds;
    this.#timer = setInterval(() => {
      const now = readCounters();
      this.#peak = figuresOf((counter) => Math.max(this.#peak[counter], now[counter]));
    }, LOOK_MS);
  }

  /** What has grown beyond its bound meanwhile, in words. */
  excess(): string[] {
    return this.#beyond(this.#peak);
  }

  /** What stays beyond its bound when the environment is gone, in words. */
  async left(): Promise<string[]> {
    const look = () => this.#beyond(readCounters());
    for (const giveUpAt = performance.now() + GIVEN_BACK_MS; look().length > 0 && performance.now() < giveUpAt;) {
      await delay(50);
    }
    return look();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beyond(figures: Figures): string[] {
    return COUNTERS.flatMap((counter) => {
      const grown = figures[counter] - this.#before[counter];
      return grown > (this.#bounds[counter] ?? Infinity) ? [`${grown} more of ${counter}`] : [];
    });
  }
}

function readCounters(): Figures {
  return figuresOf((counter) => READERS[counter]());
}

function figuresOf(figureOf: (counter: MachineCounter) => number): Figures {
  const entries = COUNTERS.map((counter) => [counter, figureOf(counter)] as const);
  return Object.fromEntries(entries) as Record<MachineCounter, number>;
}

function numberIn(path: string): number {
  return Number.parseInt(linesOf(path)[0] ?? "0");
}

function linesOf(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  } catch {
    return []; // This kernel has no such counter.
  }
}

import type { Outcome, ProgramUsage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { ProgramHandle } from "../runtimes/port.ts";
import { settledWithin } from "../concurrency/delay.ts";

/** How long an interpreter has to end a cell itself, before its process is ended. */
const GRACE_MS = 1_000;
/** How often it is looked how much CPU time a context has used. */
const SAMPLE_MS = 100;
/** The same where a look costs something, and how long one is waited for. */
const COSTLY_SAMPLE_MS = 1_000;
const MAX_SAMPLE_MS = 500;

/** What a clock needs of a context's process. */
type Watched = Pick<ProgramHandle, "kill" | "sample" | "usage">;

/** What holds for one cell. */
export interface CellBounds {
  readonly limits: Pick<Limits, "cpuMs" | "maxTotalOutputBytes" | "timeoutMs">;
  /** Aborting interrupts it. */
  readonly signal?: AbortSignal | undefined;
}

/** A cell that is under way. */
export interface TimedCell extends Disposable {
  /** What the context was ended for; undefined as long as it was not. */
  readonly cause: Outcome | undefined;
  /** Aborted when nobody may hold the cell up any more: it is late, is interrupted, or its process was ended. */
  readonly hurry: AbortSignal;
  /** Whether its deadline has passed. */
  readonly isLate: boolean;
  /** Counts what it prints; gives what is within the bound. */
  count(bytes: Uint8Array): Uint8Array;
  /** What it has used: CPU time also of what went on between the cell before and it. */
  usage(): ProgramUsage;
}

/**
 * Sees to it that each cell of a context ends: by its own interpreter at its deadline or an interrupt, and where that does
 * not answer, by the end of the process. CPU time counts from the begin of a cell to that of the next, so that what goes
 * on behind a cell's end is bounded as well. Disposing ends the watching.
 */
export class CellClock implements Disposable {
  readonly #handle: Watched;
  readonly #askToEnd: () => void;
  readonly #looking: readonly ReturnType<typeof setInterval>[];
  #cpuLimitMs = Infinity;
  #cpuBeforeMs = 0;
  #toldMs = 0;
  #cause: Outcome | undefined;
  #interrupt: (() => void) | undefined;
  /** Whether nobody may hold up the cell that is under way. */
  #hurry = new AbortController();

  constructor(
    handle: Watched,
    { interrupt }: { interrupt(): void },
  ) {
    this.#handle = handle;
    this.#askToEnd = interrupt;
    this.#looking = [
      setInterval(() => this.#check(), SAMPLE_MS),
      ...(handle.sample === undefined ? [] : [setInterval(() => this.sample(), COSTLY_SAMPLE_MS)]),
    ];
  }

  /** What its process was ended for; undefined as long as it was not. */
  get cause(): Outcome | undefined {
    return this.#cause;
  }

  /** Whether a cell is under way. */
  get isRunning(): boolean {
    return this.#interrupt !== undefined;
  }

  /** Interrupts the cell that is under way; false when there is none. */
  interrupt(): boolean {
    this.#interrupt?.();
    return this.isRunning;
  }

  /** A cell begins; disposing of what is returned tells its end. */
  begin({ limits: { cpuMs, maxTotalOutputBytes, timeoutMs }, signal }: CellBounds): TimedCell {
    const hurry = this.#hurry = new AbortController();
    let isLate = false;
    const timers: ReturnType<typeof setTimeout>[] = [];
    const endWithin = (delayMs: number, cause: Outcome) => {
      timers.push(setTimeout(() => this.end(cause), delayMs));
    };
    const interrupt = () => {
      if (hurry.signal.aborted) return;
      hurry.abort();
      this.#askToEnd();
      endWithin(GRACE_MS, { kind: "cancelled" });
    };
    const beLate = () => {
      isLate = true;
      hurry.abort();
    };
    timers.push(setTimeout(beLate, timeoutMs));
    endWithin(timeoutMs + GRACE_MS, { kind: "timed_out", limitMs: timeoutMs });
    signal?.addEventListener("abort", interrupt);
    if (signal?.aborted) interrupt();
    this.#interrupt = interrupt;
    this.#cpuLimitMs = cpuMs;
    this.#cpuBeforeMs = this.#cpuMs;
    let printedBytes = 0;
    const cause = () => this.#cause;
    return {
      get cause() {
        return cause();
      },
      get isLate() {
        return isLate;
      },
      hurry: hurry.signal,
      count: (bytes) => {
        const room = Math.max(maxTotalOutputBytes - printedBytes, 0);
        printedBytes += bytes.length;
        if (bytes.length > room) {
          this.end({ kind: "output_limit", limitBytes: maxTotalOutputBytes, observedBytes: printedBytes });
        }
        return bytes.subarray(0, room);
      },
      usage: () => this.untold(),
      [Symbol.dispose]: () => {
        for (const timer of timers) clearTimeout(timer);
        signal?.removeEventListener("abort", interrupt);
        this.#interrupt = undefined;
      },
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#looking) clearInterval(timer);
  }

  get #cpuMs(): number {
    return this.#handle.usage().cpuMs ?? 0;
  }

  /** What was used that nobody was told yet: each ms of CPU time is told once. */
  untold(): ProgramUsage {
    const { cpuMs, peakMemoryBytes } = this.#handle.usage();
    if (cpuMs === null) return { cpuMs, peakMemoryBytes };
    const used = Math.max(0, cpuMs - this.#toldMs);
    this.#toldMs = cpuMs;
    return { cpuMs: used, peakMemoryBytes };
  }

  /** Has what was used counted now, where it is not counted by itself. */
  async sample(): Promise<void> {
    const sampled = this.#handle.sample?.();
    if (sampled === undefined) return;
    await settledWithin(sampled, MAX_SAMPLE_MS);
    this.#check();
  }

  #check(): void {
    const observedMs = Math.ceil(this.#cpuMs - this.#cpuBeforeMs);
    const limitMs = this.#cpuLimitMs;
    if (observedMs > limitMs) this.end({ kind: "cpu_limit", limitMs, observedMs });
  }

  /** Ends the process, unless something has already. */
  end(cause: Outcome): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#hurry.abort();
    this.#handle.kill("SIGKILL");
  }
}

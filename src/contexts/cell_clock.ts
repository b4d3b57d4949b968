import type { Outcome, ProgramUsage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import { onAbort } from "../concurrency/on_abort.ts";
import { ReusedTimer } from "../concurrency/reused_timer.ts";
import type { ProgramHandle } from "../runtimes/port.ts";
import { settledWithin } from "../concurrency/delay.ts";

/** How long an interpreter may take to end a cell, before its process is killed. */
const GRACE_MS = 1_000;
/** How often the CPU time of a context is checked. */
const CHECK_INTERVAL_MS = 100;
/** How often usage is sampled where sampling is costly. A sample may take the time below. */
const SAMPLE_INTERVAL_MS = 1_000;
const MAX_SAMPLE_MS = 500;

/** The part of a context's process that a clock uses. */
type Watched = Pick<ProgramHandle, "kill" | "sample" | "usage">;

/** The bounds of one cell. */
export interface CellBounds {
  readonly limits: Pick<Limits, "cpuMs" | "maxTotalOutputBytes" | "timeoutMs">;
  /** Aborting interrupts the cell. */
  readonly signal?: AbortSignal | undefined;
}

/** A running cell. Disposing reports its end. */
export interface TimedCell extends Disposable {
  /** Why the process was killed; undefined while it was not. */
  readonly cause: Outcome | undefined;
  /** Aborts when the cell must end. Then it is late, was interrupted, or its process was killed. */
  readonly mustEnd: AbortSignal;
  /** Whether the cell's deadline has passed. */
  readonly isLate: boolean;
  /** The limit of CPU time that the cell has passed; undefined while it has not. */
  readonly exceeded: Outcome | undefined;
  /** Stops the cell's deadline until disposal. */
  pause(): Disposable;
  /** Counts the cell's output. Returns the part within the limit. */
  countOutput(bytes: Uint8Array): Uint8Array;
  /** Takes the cell's usage, with the CPU time since the cell before. */
  usage(): ProgramUsage;
}

/**
 * Ends each cell of a context at a limit of time, or on an interrupt. It asks the interpreter first, then kills the
 * process. CPU time counts from the start of a cell to the start of the next, so that background work is bounded as
 * well. Disposing stops the checks.
 */
export class CellClock implements Disposable {
  readonly #handle: Watched;
  readonly #askToEnd: () => void;
  readonly #timers: readonly ReturnType<typeof setInterval>[];
  #cpuLimitMs = Infinity;
  #cpuBeforeMs = 0;
  /** CPU time that {@link takeUsage} has returned so far. */
  #takenMs = 0;
  #cause: Outcome | undefined;
  /** Cells follow one another more quickly than their deadlines, so they share a timer. */
  readonly #deadline = new ReusedTimer(() => this.#onDeadline?.());
  #onDeadline: (() => void) | undefined;
  #interrupt: (() => void) | undefined;
  /** Interrupts the running cell, which has used too much CPU time. */
  #exceed: ((observedMs: number) => void) | undefined;
  /** Tells the running cell that it must end now. */
  #hurry: (() => void) | undefined;

  constructor(handle: Watched, { interrupt }: { interrupt(): void }) {
    this.#handle = handle;
    this.#askToEnd = interrupt;
    this.#timers = [
      setInterval(() => this.#check(), CHECK_INTERVAL_MS),
      ...(handle.sample === undefined ? [] : [setInterval(() => this.sample(), SAMPLE_INTERVAL_MS)]),
    ];
  }

  /** Why the process was killed; undefined while it was not. */
  get cause(): Outcome | undefined {
    return this.#cause;
  }

  /** Whether a cell runs. */
  get isRunning(): boolean {
    return this.#interrupt !== undefined;
  }

  /** Interrupts the running cell; false when none runs. */
  interrupt(): boolean {
    this.#interrupt?.();
    return this.isRunning;
  }

  /** Begins a cell. */
  begin({ limits: { cpuMs, maxTotalOutputBytes, timeoutMs }, signal }: CellBounds): TimedCell {
    const mustEnd = new LateSignal();
    let isLate = false;
    let exceeded: Outcome | undefined;
    let dueAt = performance.now() + timeoutMs;
    let grace: ReturnType<typeof setTimeout> | undefined;
    const endSoon = (cause: Outcome) => {
      mustEnd.abort();
      grace ??= setTimeout(() => this.end(cause), GRACE_MS);
    };
    const interrupt = () => {
      if (mustEnd.isAborted) return;
      endSoon({ kind: "cancelled" });
      this.#askToEnd();
    };
    this.#exceed = (observedMs) => {
      if (exceeded !== undefined || mustEnd.isAborted) return;
      exceeded = { kind: "cpu_limit", limitMs: cpuMs, observedMs };
      endSoon(exceeded);
      this.#askToEnd();
    };
    this.#onDeadline = () => {
      isLate = true;
      endSoon({ kind: "timed_out", limitMs: timeoutMs });
    };
    this.#deadline.set(timeoutMs);
    const interrupting = onAbort(signal, interrupt);
    this.#interrupt = interrupt;
    this.#hurry = () => mustEnd.abort();
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
      get exceeded() {
        return exceeded;
      },
      get mustEnd() {
        return mustEnd.signal;
      },
      countOutput: (bytes) => {
        const room = Math.max(maxTotalOutputBytes - printedBytes, 0);
        printedBytes += bytes.length;
        if (bytes.length > room) {
          this.end({ kind: "output_limit", limitBytes: maxTotalOutputBytes, observedBytes: printedBytes });
        }
        return bytes.subarray(0, room);
      },
      usage: () => this.takeUsage(),
      pause: () => {
        const leftMs = Math.max(0, dueAt - performance.now());
        this.#deadline.clear();
        return {
          [Symbol.dispose]: () => {
            if (this.#interrupt !== interrupt) return; // The cell has ended.
            dueAt = performance.now() + leftMs;
            this.#deadline.set(leftMs);
          },
        };
      },
      [Symbol.dispose]: () => {
        this.#deadline.clear();
        clearTimeout(grace);
        interrupting[Symbol.dispose]();
        this.#interrupt = this.#hurry = this.#exceed = undefined;
      },
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#deadline[Symbol.dispose]();
  }

  /** Takes the usage since the last call. Each ms of CPU time is returned once. */
  takeUsage(): ProgramUsage {
    const { cpuMs, peakMemoryBytes } = this.#handle.usage();
    if (cpuMs === null) return { cpuMs, peakMemoryBytes };
    const used = Math.max(0, cpuMs - this.#takenMs);
    this.#takenMs = cpuMs;
    return { cpuMs: used, peakMemoryBytes };
  }

  /** Samples the usage now, where no timer polls it. */
  async sample(): Promise<void> {
    const sampled = this.#handle.sample?.();
    if (sampled === undefined) return;
    await settledWithin(sampled, MAX_SAMPLE_MS);
    this.#check();
  }

  /** Kills the process, unless it was killed already. */
  end(cause: Outcome): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#hurry?.();
    this.#handle.kill("SIGKILL");
  }

  get #cpuMs(): number {
    return this.#handle.usage().cpuMs ?? 0;
  }

  #check(): void {
    const observedMs = Math.ceil(this.#cpuMs - this.#cpuBeforeMs);
    const limitMs = this.#cpuLimitMs;
    if (observedMs <= limitMs) return;
    if (this.#exceed === undefined) this.end({ kind: "cpu_limit", limitMs, observedMs });
    else this.#exceed(observedMs);
  }
}

/** A signal that is made when it is first used. Most cells print nothing, and end in time. */
class LateSignal {
  #controller: AbortController | undefined;
  #isAborted = false;

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}

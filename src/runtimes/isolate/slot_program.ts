import type { Outcome, ProgramUsage } from "../../core/execution.ts";
import { type Limits, MEBIBYTE } from "../../core/limits.ts";
import { onAbort } from "../../concurrency/on_abort.ts";
import { OutputBudget } from "../../process/child_output.ts";
import { startDeadline } from "../../process/deadline.ts";
import { memoryLimit } from "../../process/ending.ts";
import { OutputQueue } from "../../process/output_queue.ts";
import { ProcessWatch } from "../../process/process_watch.ts";
import type { ProgramHandle, RunOptions } from "../port.ts";
import type { Slot } from "./slot.ts";
import { parseEnd, type ProgramEnd, type SlotFrame } from "./slot_frames.ts";

/** The most output that waits for its reader, in chunks. Beyond it, the program waits. */
const MAX_WAITING_CHUNKS = 16;

/** The most memory of a slot that still runs another program. Memory that it gives back later, no program gets. */
const MAX_KEPT_BYTES = 64 * MEBIBYTE;

/** Most programs have ended by then. Only what runs longer is watched, and has a timer for its deadline. */
const SHORT_MS = 20;

/** Signals that end no program which does not ask for them. */
const HARMLESS: readonly string[] = ["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"];

/** A program's files by their paths in the workspace, and the one to run. */
export interface SlotRequest {
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
  /** Whether it is the interpreter of a context, which reads {@link CellFrame}s. Absent, it is not. */
  readonly isContext?: true;
}

/** A message to the interpreter of a context. It has the line of an order, and the files that its cell may import. */
export interface CellFrame {
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

/** What belongs to a program beside its options. */
export interface SlotProgramParts {
  /** Opens the program's stdin. Called at most once, and not where nothing is written. */
  openStdin(): WritableStream<Uint8Array>;
  /** Takes the slot back. The program's outcome waits for it. */
  takeBack(): Promise<void>;
}

/** The program that a slot runs now. Its outcome is the first of its own end and the causes given to {@link end}. */
class SlotProgram implements ProgramHandle {
  readonly readsStdin: boolean;
  readonly outcome: Promise<Outcome>;
  readonly output = new OutputQueue({ maxWaiting: MAX_WAITING_CHUNKS });
  readonly #slot: Slot;
  /** The slot's number of this program, which its end repeats. */
  readonly #number: number;
  readonly #isContext: boolean;
  readonly #openStdin: SlotProgramParts["openStdin"];
  #stdin: WritableStream<Uint8Array> | undefined;
  readonly #limits: Limits;
  readonly #watch: ProcessWatch;
  readonly #budget: OutputBudget;
  #cause: Outcome | undefined;
  #end: ProgramEnd | undefined;
  #hasEnded = false;

  /** @param isContext whether it is a context, whose CPU time is always measured, since that of each cell is bounded */
  constructor(
    slot: Slot,
    { isContext, limits, openStdin, signal, takeBack }:
      & Pick<RunOptions, "limits" | "signal">
      & SlotProgramParts
      & { readonly isContext: boolean },
  ) {
    this.readsStdin = isContext;
    this.#openStdin = openStdin;
    this.#slot = slot;
    this.#number = slot.programs;
    this.#isContext = isContext;
    this.#limits = limits;
    const { maxTotalOutputBytes, timeoutMs } = limits;
    this.#budget = new OutputBudget(
      maxTotalOutputBytes,
      (observedBytes) => this.end({ kind: "output_limit", limitBytes: maxTotalOutputBytes, observedBytes }),
    );
    this.#watch = this.#watching();
    const shortMs = Math.min(SHORT_MS, timeoutMs);
    let deadline: Disposable | undefined;
    const short = setTimeout(() => {
      if (!isContext) this.#watch.start();
      deadline = this.#startDeadline(timeoutMs - shortMs);
    }, shortMs);
    const over = Promise.withResolvers<Outcome>();
    this.#follow().catch(() => this.#abort()).then((outcome) => {
      this.#hasEnded = true;
      clearTimeout(short);
      deadline?.[Symbol.dispose]();
      cancelling[Symbol.dispose]();
      this.#watch.stop();
      this.output.close();
      takeBack().then(() => over.resolve(outcome), over.reject);
    });
    this.outcome = over.promise;
    const cancelling = onAbort(signal, () => this.end({ kind: "cancelled" }));
  }

  get stdin(): WritableStream<Uint8Array> {
    return this.#stdin ??= this.#openStdin();
  }

  kill(signal: Deno.Signal): void {
    if (!HARMLESS.includes(signal)) this.end({ kind: "signaled", signal });
  }

  usage(): ProgramUsage {
    const { cpuMs, peakMemoryBytes } = this.#watch.seen;
    const known = (this.#end?.memoryBytes ?? null) === null
      ? peakMemoryBytes
      : Math.max(peakMemoryBytes ?? 0, this.#end?.memoryBytes ?? 0);
    return { cpuMs: this.#end?.cpuMs ?? cpuMs, peakMemoryBytes: known };
  }

  /** Ends the program with its slot, unless it has ended or has a cause already. */
  end(cause: Outcome): void {
    if (this.#hasEnded || this.#cause !== undefined) return;
    this.#cause = cause;
    this.#slot.kill();
    this.output.removeBound();
  }

  /** Reads the slot's frames until the program has ended. */
  async #follow(): Promise<Outcome> {
    for (;;) {
      const frames = await this.#slot.read();
      if (frames === undefined) return await this.#explainDeath();
      for (const frame of frames) {
        if (frame.kind === "done") {
          const end = parseEnd(frame.bytes);
          return end?.number === this.#number ? this.#outcomeOf(end) : await this.#explainDeath();
        }
        this.#print(frame);
      }
      await this.output.waitForRoom();
    }
  }

  #print({ bytes, kind }: SlotFrame): void {
    if (kind !== "stdout" && kind !== "stderr") return;
    const kept = this.#budget.take(bytes);
    if (kept.length > 0) this.output.push({ stream: kind, bytes: kept });
  }

  #outcomeOf(end: ProgramEnd): Outcome {
    this.#end = end;
    if (this.#cause !== undefined) return this.#cause; // The slot is being killed: this end comes too late.
    const isLarge = (this.usage().peakMemoryBytes ?? 0) > MAX_KEPT_BYTES; // A short program is not sampled.
    // A context may leave orders that it has not read.
    if (this.#isContext || end.kind === "memory_limit" || isLarge || end.isLast === true) this.#slot.kill();
    if (end.kind === "memory_limit") return memoryLimit(this.usage(), this.#limits);
    const { cpuMs: limitMs } = this.#limits;
    const observedMs = Math.ceil(end.cpuMs ?? 0); // A short program is not watched.
    return observedMs > limitMs
      ? { kind: "cpu_limit", limitMs, observedMs }
      : { kind: "exited", exitCode: end.exitCode ?? 0 };
  }

  async #explainDeath(): Promise<Outcome> {
    const outcome = this.#abort();
    if (this.#cause !== undefined) return outcome;
    await this.#slot.ended();
    return this.#slot.isOutOfMemory ? memoryLimit(this.usage(), this.#limits) : outcome;
  }

  #abort(): Outcome {
    this.#slot.kill();
    return this.#cause ?? { kind: "signaled", signal: "SIGABRT" }; // V8 aborts a process that it cannot continue.
  }

  /** Starts the deadline, `limitMs` from now. The slot's earlier programs do not count. */
  #startDeadline(limitMs: number): Disposable {
    const { processes } = this.#slot;
    const before = processes.coreTimes();
    return startDeadline({
      limitMs,
      coreTimes: () => {
        const times = processes.coreTimes();
        return times && before && { runMs: times.runMs - before.runMs, waitMs: times.waitMs - before.waitMs };
      },
      onPassed: () => this.end({ kind: "timed_out", limitMs: this.#limits.timeoutMs }),
    });
  }

  /**
   * Watches CPU time and memory. CPU time is watched in a context, and where a program can exceed its limit before its
   * deadline. Memory is watched for the report alone, as the slot itself bounds it.
   */
  #watching(): ProcessWatch {
    const { cpuMs: limitMs, timeoutMs } = this.#limits;
    const { processes } = this.#slot;
    const beforeMs = limitMs < timeoutMs || this.#isContext ? processes.sample()?.cpuMs ?? 0 : undefined;
    const watch = new ProcessWatch(
      () => {
        const sample = processes.sample();
        if (sample === undefined) return undefined;
        return { ...sample, cpuMs: beforeMs === undefined ? null : (sample.cpuMs ?? 0) - beforeMs };
      },
      ({ cpuMs }) => {
        if (cpuMs !== null && cpuMs > limitMs) this.end({ kind: "cpu_limit", limitMs, observedMs: Math.ceil(cpuMs) });
      },
    );
    if (this.#isContext) watch.start();
    return watch;
  }
}

/** Starts a program in a slot that runs none. A slot that can run no further program is not alive afterwards. */
export function startProgram(
  slot: Slot,
  request: SlotRequest,
  options: RunOptions & SlotProgramParts,
): ProgramHandle {
  slot.programs++;
  slot.send({ ...request, number: slot.programs });
  return new SlotProgram(slot, { ...options, isContext: request.isContext === true });
}

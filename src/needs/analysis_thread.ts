import type { Needs } from "../core/needs.ts";
import type { AnalysedTexts } from "./analyse.ts";
import type { AnalysisMessage, AnalysisTask } from "./analysis_worker.ts";

/** The most programs that wait for the thread; each holds at most 64 KB. */
const MAX_WAITING = 64;
/** Longest wait for the needs of a program, in ms. It begins when they are asked for and the thread has started. */
const MAX_WAIT_MS = 1_000;
/** Longest start of the thread, and longest time for a program, in ms. Only a thread that hangs exceeds it, and ends. */
const DEADLINE_MS = 5_000;
/** The thread ends when this many ms have passed without a program. */
const IDLE_MS = 30_000;

/** The needs of a program, or why they are not found. */
type Read = Needs | "takes too long" | undefined;

/** A program that waits for its needs. */
interface Waiting {
  readonly task: AnalysisTask;
  readonly resolve: (read: Read) => void;
  timer?: ReturnType<typeof setTimeout>;
}

/** Options of a thread. */
export interface AnalysisThreadOptions {
  /** Longest wait for the needs of a program, in ms; 1,000 when absent. */
  readonly maxWaitMs?: number;
}

const WORKER = new URL("./analysis_worker.ts", import.meta.url);

/**
 * Reads programs beside the event loop, one after another. Its thread starts with the first program. A program's wait is
 * bounded from its own request on, and its analysis does not begin once that has passed.
 */
export class AnalysisThread implements Disposable {
  readonly #maxWaitMs: number;
  /** By id, in the order in which they are read. */
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #isReady = false;
  #isReading = false;
  #lastId = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ maxWaitMs = MAX_WAIT_MS }: AnalysisThreadOptions = {}) {
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Finds the needs of a program. Undefined when too many programs wait, when it has waited too long, or when the thread
   * cannot start.
   */
  async analyse({ entrypoint, files, texts }: AnalysedTexts): Promise<Read> {
    if (this.#waiting.size >= MAX_WAITING) return undefined;
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Read>();
    this.#waiting.set(id, { task: { id, entrypoint, files: files.map(({ path }) => ({ path })), texts }, resolve });
    try {
      this.#start();
      if (this.#isReady) this.#limitWait(id);
      this.#readNext();
    } catch {
      this[Symbol.dispose](); // Under few permissions there is no thread.
    }
    return await promise;
  }

  /** Ends the thread. Programs that wait are not read. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isReady = this.#isReading = false;
    for (const id of [...this.#waiting.keys()]) this.#resolve(id, undefined);
  }

  #start(): void {
    if (this.#worker !== undefined) return;
    const worker = new Worker(WORKER, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<AnalysisMessage>) => {
      if (this.#worker === worker) this.#receive(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this[Symbol.dispose]();
    };
    this.#worker = worker;
    this.#endAfter(DEADLINE_MS);
  }

  #receive(message: AnalysisMessage): void {
    if (message === "ready") {
      this.#isReady = true;
      for (const id of this.#waiting.keys()) this.#limitWait(id);
    } else {
      this.#isReading = false;
      this.#resolve(message.id, message.needs ?? "takes too long");
    }
    this.#readNext();
  }

  #readNext(): void {
    if (!this.#isReady || this.#isReading) return;
    const [first] = this.#waiting.values();
    this.#isReading = first !== undefined;
    this.#endAfter(this.#isReading ? DEADLINE_MS : IDLE_MS);
    if (first !== undefined) this.#worker?.postMessage(first.task);
  }

  #limitWait(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.timer = setTimeout(() => this.#resolve(id, undefined), this.#maxWaitMs);
  }

  #resolve(id: number, read: Read): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    waiting?.resolve(read);
  }

  /** Ends the thread unless it answers, or is asked, before. */
  #endAfter(ms: number): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this[Symbol.dispose](), ms);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }
}

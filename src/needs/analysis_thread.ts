import type { Needs } from "../core/needs.ts";
import type { AnalysedTexts } from "./analyse.ts";
import type { AnalysisAnswer, AnalysisTask } from "./analysis_worker.ts";

/** The most programs that wait for the thread; each holds at most 64 KB. */
const MAX_PENDING = 64;
/** Longest wait for an answer, in ms. Only a thread that hangs exceeds it, and it ends then. */
const DEADLINE_MS = 10_000;
/** The thread ends when this many ms have passed without a program. */
const IDLE_MS = 30_000;

/** The needs of a program, or why they are not found. */
type Read = Needs | "takes too long" | undefined;

const WORKER = new URL("./analysis_worker.ts", import.meta.url);

/** Reads programs beside the event loop, one after another. Its thread starts with the first program. */
export class AnalysisThread implements Disposable {
  readonly #pending = new Map<number, (read: Read) => void>();
  #worker: Worker | undefined;
  #lastId = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Finds the needs of a program. Undefined when too many programs wait, or the thread cannot start. */
  async analyse({ entrypoint, files, texts }: AnalysedTexts): Promise<Read> {
    if (this.#pending.size >= MAX_PENDING) return undefined;
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Read>();
    this.#pending.set(id, resolve);
    try {
      const task: AnalysisTask = { id, entrypoint, files: files.map(({ path }) => ({ path })), texts };
      this.#start().postMessage(task);
      if (this.#pending.size === 1) this.#endAfter(DEADLINE_MS);
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
    for (const resolve of this.#pending.values()) resolve(undefined);
    this.#pending.clear();
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(WORKER, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<AnalysisAnswer>) => this.#settle(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this[Symbol.dispose]();
    };
    this.#worker = worker;
    return worker;
  }

  #settle({ id, needs }: AnalysisAnswer): void {
    this.#pending.get(id)?.(needs ?? "takes too long");
    this.#pending.delete(id);
    this.#endAfter(this.#pending.size === 0 ? IDLE_MS : DEADLINE_MS);
  }

  /** Ends the thread unless it answers, or is asked, before. */
  #endAfter(ms: number): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this[Symbol.dispose](), ms);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }
}

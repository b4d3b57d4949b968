import { CodeBeakerError } from "../../core/errors.ts";
import { delay } from "../../concurrency/delay.ts";
import { runWorker } from "../../concurrency/run_worker.ts";
import type { Semaphore } from "../../concurrency/semaphore.ts";
import type { Comparison, Sides } from "./compare_texts.ts";
import type { Fit, FitTask } from "./fit_hunks.ts";
import type { TextMessage } from "./text_task_worker.ts";
import type { ParsedPatch, TextTaskKind, TextTasks } from "./text_tasks.ts";

/** Bounds of texts that are first tried on the event loop, for some ms. Longer work runs in a Worker thread. */
const MAX_SHORT_LENGTH = 65_536;
const SHORT_COMPARE_MS = 3;
const SHORT_COMPARED = 200_000;

/** Longest time of a comparison, and of any task. */
const COMPARE_MS = 5_000;
const DEADLINE_MS = 15_000;

/** Most work of comparing the hunks of one patch. It counts lines, and characters of lines of equal length. */
const MAX_COMPARED = 20_000_000;

const WORKER = new URL("./text_task_worker.ts", import.meta.url);

/** The parts of a text worker. */
export interface TextWorkerOptions {
  /** Admits one Worker thread at a time. */
  readonly threadSlot: Semaphore;
  readonly signal: AbortSignal | undefined;
}

/** Processes the texts of one command without blocking the event loop. */
export class TextWorker implements Disposable {
  readonly #slot: Disposable;
  readonly #threadSlot: Semaphore;
  readonly #signal: AbortSignal | undefined;
  #leftToCompare = MAX_COMPARED;

  constructor(slot: Disposable, { threadSlot, signal }: TextWorkerOptions) {
    this.#slot = slot;
    this.#threadSlot = threadSlot;
    this.#signal = signal;
  }

  /**
   * Compares two texts.
   *
   * @throws {CodeBeakerError} `too_large`
   */
  async compare(sides: Sides): Promise<Exclude<Comparison, { readonly refused: string }>> {
    const length = sides.original.text.length + sides.modified.text.length;
    const tried = await this.#tryHere("compare", { ...sides, timeoutMs: SHORT_COMPARE_MS }, { length });
    const compared = tried === undefined || ("isLate" in tried && tried.isLate)
      ? await this.#runInThread("compare", { ...sides, timeoutMs: COMPARE_MS })
      : tried;
    if (!("refused" in compared)) return compared;
    throw new CodeBeakerError("too_large", `Cannot compare the texts as ${compared.refused}`);
  }

  /**
   * Fits hunks to a text. All calls together compare a bounded amount.
   *
   * @throws {CodeBeakerError} `too_large`
   */
  async fit({ text, hunks }: Omit<FitTask, "maxCompared">): Promise<Exclude<Fit, { readonly isTooMuch: true }>> {
    const short = { text, hunks, maxCompared: Math.min(SHORT_COMPARED, this.#leftToCompare) };
    const length = hunks.reduce((sum, { lines }) => lines.reduce((sum, line) => sum + line.length, sum), text.length);
    const tried = await this.#tryHere("fit", short, { length });
    const fit = tried === undefined || "isTooMuch" in tried
      ? await this.#runInThread("fit", { text, hunks, maxCompared: this.#leftToCompare })
      : tried;
    this.#leftToCompare -= fit.compared;
    if (!("isTooMuch" in fit)) return fit;
    throw new CodeBeakerError(
      "too_large",
      "Cannot apply the patch as its hunks must be compared with too many lines: apply it in parts",
    );
  }

  /** Parses a unified diff. */
  async parse(patch: string): Promise<ParsedPatch> {
    return await this.#tryHere("parse", patch, patch) ?? await this.#runInThread("parse", patch);
  }

  [Symbol.dispose](): void {
    this.#slot[Symbol.dispose]();
  }

  /** Does a short task on the event loop, then yields. Undefined for a long task. */
  async #tryHere<Kind extends TextTaskKind>(
    kind: Kind,
    input: TextTasks[Kind]["input"],
    { length }: { readonly length: number },
  ): Promise<TextTasks[Kind]["output"] | undefined> {
    if (length > MAX_SHORT_LENGTH) return undefined;
    const { doTextTask } = await import("./text_tasks.ts"); // The start of a service does not wait for its library.
    const output = doTextTask(kind, input);
    await delay(0);
    return output;
  }

  async #runInThread<Kind extends TextTaskKind>(
    kind: Kind,
    input: TextTasks[Kind]["input"],
  ): Promise<TextTasks[Kind]["output"]> {
    using _slot = await this.#threadSlot.acquire({ signal: this.#signal });
    const message: TextMessage<Kind> = { kind, input };
    return await runWorker(WORKER, message, { deadlineMs: DEADLINE_MS, signal: this.#signal });
  }
}

import { CodeBeakerError } from "../core/errors.ts";
import { delay } from "../concurrency/delay.ts";
import { KeyedQueue } from "../concurrency/keyed_queue.ts";
import { runWorker } from "../concurrency/run_worker.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import type { Comparison, Sides } from "./compare_texts.ts";
import type { Fit, FitTask } from "./fit_hunks.ts";
import { doTextTask, type ParsedPatch, type TextTaskKind, type TextTasks } from "./text_tasks.ts";
import type { TextMessage } from "./text_worker.ts";

/** What is short is tried at once: others wait for some ms. All else is done in a Worker. */
const MAX_SHORT_LENGTH = 65_536;
const SHORT_COMPARE_MS = 3;
const SHORT_COMPARED = 200_000;

/** How long a comparison may take, and how long any work may. */
const COMPARE_MS = 5_000;
const DEADLINE_MS = 15_000;

/** What the hunks of one patch may compare, in lines and characters of lines as long as each other. */
const MAX_COMPARED = 20_000_000;

/** Each desk holds the texts that are worked with; whoever waits holds what came with its request. */
const BOUNDS = { maxActive: 4, maxQueuedPerKey: 8, maxQueued: 64 };

const WORKER = new URL("./text_worker.ts", import.meta.url);

/** Whose work it is, and how long somebody waits for it. */
export interface TextWorkerOptions {
  /** The environment that the command is for. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
}

/** The desks of a service: few commands work with texts at a time, and hold nobody up meanwhile. */
export class TextWorkerPool {
  readonly #queue = new KeyedQueue(BOUNDS);
  readonly #workerTurns = new Semaphore(1);

  /**
   * A desk, which its owner leaves by disposing.
   *
   * @throws {CodeBeakerError} `busy` when too many wait for one
   * @throws the reason of `signal` when it is aborted first
   */
  async take({ owner, signal }: TextWorkerOptions): Promise<TextWorker> {
    return new TextWorker(await this.#queue.acquire(owner, { signal }), { workerTurns: this.#workerTurns, signal });
  }
}

/** Where one command works with texts. */
export class TextWorker implements Disposable {
  readonly #turn: Disposable;
  readonly #workerTurns: Semaphore;
  readonly #signal: AbortSignal | undefined;
  #leftToCompare = MAX_COMPARED;

  constructor(
    turn: Disposable,
    { workerTurns, signal }: Pick<TextWorkerOptions, "signal"> & { readonly workerTurns: Semaphore },
  ) {
    this.#turn = turn;
    this.#workerTurns = workerTurns;
    this.#signal = signal;
  }

  /** @throws {CodeBeakerError} `too_large` */
  async compare(sides: Sides): Promise<Exclude<Comparison, { readonly refused: string }>> {
    const length = sides.original.text.length + sides.modified.text.length;
    const tried = await this.#try("compare", { ...sides, timeoutMs: SHORT_COMPARE_MS }, { length });
    const compared = tried === undefined || ("isLate" in tried && tried.isLate)
      ? await this.#delegate("compare", { ...sides, timeoutMs: COMPARE_MS })
      : tried;
    if (!("refused" in compared)) return compared;
    throw new CodeBeakerError("too_large", `Cannot compare these as ${compared.refused}`);
  }

  /** Fits hunks to a text; what all calls compare is bounded. @throws {CodeBeakerError} `too_large` */
  async fit({ text, hunks }: Omit<FitTask, "maxCompared">): Promise<Exclude<Fit, { readonly isTooMuch: true }>> {
    const short = { text, hunks, maxCompared: Math.min(SHORT_COMPARED, this.#leftToCompare) };
    const length = hunks.reduce((sum, { lines }) => lines.reduce((sum, line) => sum + line.length, sum), text.length);
    const tried = await this.#try("fit", short, { length });
    const fit = tried === undefined || "isTooMuch" in tried
      ? await this.#delegate("fit", { text, hunks, maxCompared: this.#leftToCompare })
      : tried;
    this.#leftToCompare -= fit.compared;
    if (!("isTooMuch" in fit)) return fit;
    throw new CodeBeakerError(
      "too_large",
      "Cannot apply the patch as its hunks are to be looked for in too many places",
    );
  }

  /** Reads a unified diff. */
  async parse(patch: string): Promise<ParsedPatch> {
    return await this.#try("parse", patch, patch) ?? await this.#delegate("parse", patch);
  }

  [Symbol.dispose](): void {
    this.#turn[Symbol.dispose]();
  }

  /** Does what is short here, and lets others have their turn; undefined for what is long. */
  async #try<Kind extends TextTaskKind>(
    kind: Kind,
    asked: TextTasks[Kind]["asked"],
    { length }: { readonly length: number },
  ): Promise<TextTasks[Kind]["answer"] | undefined> {
    if (length > MAX_SHORT_LENGTH) return undefined;
    const answer = doTextTask(kind, asked);
    await delay(0);
    return answer;
  }

  async #delegate<Kind extends TextTaskKind>(
    kind: Kind,
    asked: TextTasks[Kind]["asked"],
  ): Promise<TextTasks[Kind]["answer"]> {
    using _turn = await this.#workerTurns.acquire({ signal: this.#signal });
    const message: TextMessage<Kind> = { kind, asked };
    return await runWorker(WORKER, message, { deadlineMs: DEADLINE_MS, signal: this.#signal });
  }
}

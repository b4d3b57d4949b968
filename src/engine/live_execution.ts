import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { Execution, Outcome, OutputStream } from "../core/execution.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import type { Caller, ExecutionReport, FeedInput } from "./port.ts";

/** Input that a program has not read yet: whoever feeds more than this waits. */
const MAX_UNREAD_BYTES = 1_048_576;

/** What is known of an execution before it runs. */
export interface ExecutionFacts {
  readonly id: string;
  readonly caller: Caller;
  readonly language: string;
  readonly sessionId?: string | undefined;
  readonly createdAt: string;
}

/** What a live execution is made from. */
export interface LiveOptions {
  readonly maxOutputBytes: number;
  /** Whether its stdin is what {@link LiveExecution.feed} writes. */
  readonly isFed: boolean;
}

/** An execution from its submission to its end: its state, what it has printed so far, and the ways to influence it. */
export class LiveExecution {
  readonly facts: ExecutionFacts;
  /** What the program has printed. */
  readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  /** What is fed to the program; undefined when its stdin comes from elsewhere. */
  readonly fedStdin: ReadableStream<Uint8Array> | undefined;
  readonly #feeding: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** One input at a time is on its way: a stream would keep all that wait, also of clients that are gone. */
  readonly #feedTurns = new Semaphore(1);
  readonly #ending = new AbortController();
  readonly #ended = Promise.withResolvers<Execution>();
  readonly #submittedAt = performance.now();
  #leftQueueAt: number | undefined;
  #isRunning = false;
  #interruption: string | undefined;

  constructor(facts: ExecutionFacts, { maxOutputBytes, isFed }: LiveOptions) {
    this.facts = facts;
    this.kept = { stdout: new BoundedOutput(maxOutputBytes), stderr: new BoundedOutput(maxOutputBytes) };
    this.ended.catch(() => {}); // Whoever asks for it is told.
    if (!isFed) return;
    const room = new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({}, undefined, room);
    this.fedStdin = readable;
    this.#feeding = writable.getWriter();
    this.#feeding.closed.catch(() => {}); // The program has closed its stdin, or is gone: `feed` says so.
  }

  /** Aborted when the execution is to end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Its end; rejects when the service, and not the program, failed. */
  get ended(): Promise<Execution> {
    return this.#ended.promise;
  }

  /** How it stands as long as it has not ended. */
  get report(): ExecutionReport {
    const { id, language, sessionId, createdAt } = this.facts;
    return {
      status: this.#isRunning ? "running" : "queued",
      id,
      language,
      ...(sessionId === undefined ? {} : { sessionId }),
      createdAt,
      stdout: this.kept.stdout.read().text,
      stderr: this.kept.stderr.read().text,
    };
  }

  /** Whether it waits for its turn. */
  get isQueued(): boolean {
    return this.#leftQueueAt === undefined;
  }

  /** How long it waited for its turn, or has waited so far. */
  get queuedMs(): number {
    return (this.#leftQueueAt ?? performance.now()) - this.#submittedAt;
  }

  /** It is its turn. */
  leaveQueue(): void {
    this.#leftQueueAt ??= performance.now();
  }

  /** Whether its program may have begun. */
  get hasBegun(): boolean {
    return this.#isRunning;
  }

  /** Its program may begin. */
  begin(): void {
    this.#isRunning = true;
  }

  /** Ends it as `cancelled`. */
  cancel(): void {
    this.#ending.abort();
  }

  /** Ends it as `interrupted`. */
  interrupt(reason: string): void {
    if (this.signal.aborted) return;
    this.#interruption = reason;
    this.#ending.abort();
  }

  /** A program that ended since it was told to is interrupted where the service, and not its owner, wanted that. */
  outcomeOf(outcome: Outcome): Outcome {
    return outcome.kind === "cancelled" && this.#interruption !== undefined
      ? { kind: "interrupted", reason: this.#interruption }
      : outcome;
  }

  /**
   * Writes to its stdin, in the order in which it is asked to.
   *
   * @throws {CodeBeakerError} `conflict` when it takes no input (any more)
   * @throws the reason of `signal` when it is aborted before the input's turn
   */
  async feed(
    { text = "", close = false }: FeedInput,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    if (this.#feeding === undefined) {
      throw new CodeBeakerError(
        "conflict",
        "Cannot feed this execution as its request named its stdin, or did not ask to feed it",
      );
    }
    using _turn = await this.#feedTurns.acquire({ signal });
    try {
      if (text !== "") await this.#feeding.write(new TextEncoder().encode(text));
      if (close) await this.#feeding.close();
    } catch (cause) {
      throw new CodeBeakerError("conflict", "Cannot feed this execution as its stdin is closed", { cause });
    }
  }

  /** It is over. */
  settle(result: Execution | CodeBeakerError): void {
    this.#feeding?.abort().catch(() => {}); // Closed already.
    if (result instanceof CodeBeakerError) this.#ended.reject(result);
    else this.#ended.resolve(result);
  }
}

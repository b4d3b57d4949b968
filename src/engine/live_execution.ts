import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import type { MimeBundle } from "../core/cell.ts";
import { type KeptBytes, streamLength } from "../core/bytes/kept_bytes.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { Execution, OutputStream, ProgramResult } from "../core/execution.ts";
import { ChangeSignal } from "../concurrency/change_signal.ts";
import type { ExecutionEntry } from "../core/execution_entry.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { DisplayLog } from "./display_log.ts";
import type { EventSource, ExecutionEnd } from "./event_reader.ts";
import type { Caller, ExecutionReport, ExecutionStart, FeedInput } from "./port.ts";
import { WaiterSet } from "./waiter_set.ts";

/** Most input that a program has not read yet. Beyond it, `feed` waits. */
const MAX_UNREAD_BYTES = 1_048_576;

/** The facts of an execution before it runs. */
export interface ExecutionFacts {
  readonly id: string;
  readonly caller: Caller;
  readonly language: string;
  readonly sessionId?: string | undefined;
  readonly createdAt: string;
}

/** The settings of a live execution. */
export interface LiveOptions {
  readonly maxOutputBytes: number;
  /** Whether {@link LiveExecution.feed} writes the stdin. */
  readonly isFed: boolean;
  /** Called when the program may begin. */
  onBegin?(): void;
}

/** The way of input to a program. */
interface Feeding {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Admits one input at a time. A stream would keep every waiting input, also of clients that are gone. */
  readonly slot: Semaphore;
}

/** An execution from its submission to its end. It has the state, the output so far, and the controls. */
export class LiveExecution implements EventSource {
  readonly facts: ExecutionFacts;
  /** The output of the program so far. */
  readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  /** The displays of a cell so far. */
  readonly displays: DisplayLog;
  /** Notifies of the start, output, displays and end. */
  readonly changes = new ChangeSignal();
  /** The callers that wait for the end. The execution is cancelled when all of them have left. */
  readonly waiters = new WaiterSet(() => this.cancel());
  /** The input that `feed` writes; undefined when stdin comes from elsewhere. */
  readonly fedStdin: ReadableStream<Uint8Array> | undefined;
  readonly #feeding: Feeding | undefined;
  readonly #onBegin: LiveOptions["onBegin"];
  readonly #ending = new AbortController();
  readonly #ended = Promise.withResolvers<Execution>();
  readonly #submittedAt = performance.now();
  #leftQueueAt: number | undefined;
  #start: ExecutionStart | undefined;
  #end: ExecutionEnd | undefined;
  #interruption: string | undefined;

  constructor(facts: ExecutionFacts, { isFed, maxOutputBytes, onBegin }: LiveOptions) {
    this.facts = facts;
    this.#onBegin = onBegin;
    const onPush = () => this.changes.notify();
    this.kept = {
      stdout: new BoundedOutput(maxOutputBytes, { onPush }),
      stderr: new BoundedOutput(maxOutputBytes, { onPush }),
    };
    this.displays = new DisplayLog(maxOutputBytes);
    this.ended.catch(() => {}); // The caller may not wait for the end.
    if (!isFed) return;
    const room = new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({}, undefined, room);
    this.fedStdin = readable;
    this.#feeding = { writer: writable.getWriter(), slot: new Semaphore(1) };
    this.#feeding.writer.closed.catch(() => {}); // The program has closed its stdin, or ended: `feed` reports it.
  }

  /** Aborts when the execution must end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Settles at the end. Rejects when the service, and not the program, failed. */
  get ended(): Promise<Execution> {
    return this.#ended.promise;
  }

  /** The state of an execution that has not ended. */
  get report(): ExecutionReport {
    return { ...this.#summary, stdout: this.kept.stdout.read().text, stderr: this.kept.stderr.read().text };
  }

  /** The entry of an execution that has not ended. */
  get entry(): ExecutionEntry {
    return { ...this.#summary, ...(this.#start === undefined ? {} : { runtime: this.#start.runtime }) };
  }

  get #summary() {
    const { id, language, sessionId, createdAt } = this.facts;
    const status = this.hasBegun ? "running" as const : "queued" as const;
    return { id, status, language, ...(sessionId === undefined ? {} : { sessionId }), createdAt };
  }

  /** Whether the execution waits for a slot. */
  get isQueued(): boolean {
    return this.#leftQueueAt === undefined;
  }

  /** Time in the queue so far, in ms. */
  get queuedMs(): number {
    return (this.#leftQueueAt ?? performance.now()) - this.#submittedAt;
  }

  /** Records that the execution has its slot. */
  leaveQueue(): void {
    this.#leftQueueAt ??= performance.now();
  }

  /** Whether the program may have begun. */
  get hasBegun(): boolean {
    return this.#start !== undefined;
  }

  /** Records that the program may begin. */
  begin(runtime: string): ExecutionStart {
    this.#start = { id: this.facts.id, runtime };
    this.#onBegin?.();
    this.changes.notify();
    return this.#start;
  }

  get start(): ExecutionStart | undefined {
    return this.#start;
  }

  get end(): ExecutionEnd | undefined {
    return this.#end;
  }

  get output(): Readonly<Record<OutputStream, KeptBytes>> {
    return { stdout: this.kept.stdout.kept, stderr: this.kept.stderr.kept };
  }

  /** Records a display. */
  display(data: MimeBundle): void {
    const { stdout, stderr } = this.output;
    const behind = { stdout: streamLength(stdout), stderr: streamLength(stderr) };
    this.displays.push(data, behind);
    this.changes.notify();
  }

  /** Ends the execution as `cancelled`. */
  cancel(): void {
    this.#ending.abort();
  }

  /** Ends the execution as `interrupted`. */
  interrupt(reason: string): void {
    if (this.signal.aborted) return;
    this.#interruption = reason;
    this.#ending.abort();
  }

  /** Turns `cancelled` into `interrupted` when the service, and not the owner, ended the execution. */
  attribute<Result extends Pick<ProgramResult, "outcome">>(result: Result): Result {
    if (result.outcome.kind !== "cancelled" || this.#interruption === undefined) return result;
    return { ...result, outcome: { kind: "interrupted", reason: this.#interruption } };
  }

  /**
   * Writes to the stdin, in the order of the calls.
   *
   * @throws {CodeBeakerError} `conflict` when the stdin is not open for input
   * @throws the reason of `signal` when it aborts before the input is written
   */
  async feed(
    { text = "", close = false }: FeedInput,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const feeding = this.#feeding;
    if (feeding === undefined) {
      throw new CodeBeakerError(
        "conflict",
        "Cannot feed this execution as its stdin is not open: submit it without stdin, and with Prefer: respond-async",
      );
    }
    using _slot = await feeding.slot.acquire({ signal });
    try {
      if (text !== "") await feeding.writer.write(new TextEncoder().encode(text));
      if (close) await feeding.writer.close();
    } catch (cause) {
      throw new CodeBeakerError("conflict", "Cannot feed this execution as its stdin is closed", { cause });
    }
  }

  /** Ends the execution with its result. */
  settle(result: Execution | CodeBeakerError): void {
    this.waiters[Symbol.dispose]();
    this.#feeding?.writer.abort().catch(() => {}); // The stream is closed already.
    if (result instanceof CodeBeakerError) {
      this.#end = { kind: "failed", error: result };
      this.#ended.reject(result);
    } else {
      this.#end = { kind: "ended", execution: result };
      this.#ended.resolve(result);
    }
    this.changes.notify();
  }
}

import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { ExecutionEntry } from "../core/execution_entry.ts";
import { newId } from "../core/ids.ts";
import type { Limits } from "../core/limits.ts";
import { pageOf, parseCursor } from "../core/page.ts";
import type { ExecutionStore } from "../storage/storage.ts";
import { settledWithin } from "../concurrency/delay.ts";
import { ExecutionPreviews } from "./execution_previews.ts";
import { ExecutionRecords, type Explained, type RunResult, toExecution, unrun } from "./execution_records.ts";
import { WorkBehind } from "./work_behind.ts";
import { LiveExecution } from "./live_execution.ts";
import { checkReached, readEvents } from "./event_reader.ts";
import type { EndedExecution, Observer } from "./observer.ts";
import type {
  Caller,
  ExecutionEvent,
  ExecutionPage,
  ExecutionQuery,
  ExecutionReport,
  FeedInput,
  FollowOptions,
  SubmitOptions,
  Submitted,
} from "./port.ts";

/** Most recorded executions that one search reads, which takes some 10 ms. */
const MAX_SEARCHED = 2_000;
const SHUT_DOWN = "the service was shut down";

/** The parts of the executions of a service. */
export interface ExecutionsOptions {
  readonly store: ExecutionStore;
  readonly observer?: Observer;
  /** How long running programs may continue when the service ends, in ms. */
  readonly drainMs: number;
  /**
   * How long the record of an end waits, in ms. The answer goes first. While others run, it waits up to four times as
   * long. Default: 0.
   */
  readonly recordDelayMs?: number;
  /** Writes the ends that have been recorded. */
  readonly writeRecords?: () => void;
}

/** A request to run a program. */
export interface Submission extends Explained {
  readonly caller: Caller;
  readonly language: string;
  readonly sessionId?: string;
  readonly limits: Limits;
  readonly source: EndedExecution["source"];
  /** What listings show of the program. Default: the beginning of its code. */
  readonly preview?: string;
  /** Whether the request names its stdin. */
  readonly hasStdin: boolean;
  /** Identifies the request among those under the same idempotency key. */
  fingerprint(): string;
  /** Called when the end is recorded. */
  onRecorded?(): void;
}

/** Waits for a slot and runs the program. Ends soon after the execution's signal aborts. */
export type ExecutionBody = (live: LiveExecution) => Promise<RunResult>;

/** Every execution of the service. Live ones are in memory, ended ones in the store. */
export class Executions implements AsyncDisposable {
  readonly #records: ExecutionRecords;
  readonly #observer: Observer;
  readonly #drainMs: number;
  readonly #live = new Map<string, LiveExecution>();
  readonly #previews = new ExecutionPreviews();
  /** Records of ends whose clients know no id yet. */
  readonly #unrecorded: WorkBehind;

  constructor({ store, observer = {}, drainMs, recordDelayMs = 0, writeRecords = () => {} }: ExecutionsOptions) {
    this.#unrecorded = new WorkBehind(recordDelayMs, { isBusy: () => this.#live.size > 0, onDone: writeRecords });
    this.#records = new ExecutionRecords(store);
    this.#observer = observer;
    this.#drainMs = drainMs;
  }

  /**
   * Finds the execution that the caller submitted under the same key before. The new caller waits for it too.
   *
   * @throws {CodeBeakerError} `conflict` when the key came with another request
   */
  findRepeated(
    { caller, fingerprint }: Pick<Submission, "caller" | "fingerprint">,
    key: string,
    { signal }: Pick<SubmitOptions, "signal"> = {},
  ): Submitted | undefined {
    const id = this.#records.findRepeated(caller, key, fingerprint);
    if (id === undefined) return undefined;
    const live = this.#live.get(id);
    if (live === undefined) return this.#records.resubmit(caller, id);
    live.waiters.join(signal);
    return { id, ended: live.ended, status: live.hasBegun ? "running" : "queued" };
  }

  /**
   * Accepts an execution and starts it. The execution is cancelled when every waiter's signal has aborted; a waiter
   * without a signal keeps it alive.
   *
   * @throws {CodeBeakerError} `busy` when a durable execution cannot be written now
   */
  start(submission: Submission, body: ExecutionBody, options: SubmitOptions = {}): Submitted {
    const { caller, language, sessionId, limits } = submission;
    const { idempotencyKey } = options;
    const repeated = idempotencyKey === undefined ? undefined : this.findRepeated(submission, idempotencyKey, options);
    if (repeated !== undefined) return repeated;
    const facts = { id: newId("exec"), caller, language, sessionId, createdAt: new Date().toISOString() };
    const isFed = (options.isInteractive ?? false) && !submission.hasStdin && options.stdin === undefined;
    const isDurable = options.isPatient === true || idempotencyKey !== undefined;
    const hasRecord = isDurable || options.onStart !== undefined;
    const { maxOutputBytes } = limits;
    const onBegin = () => hasRecord || this.#unrecorded.expect(); // While the program runs, nothing waits for this.
    const live = new LiveExecution(facts, { maxOutputBytes, isFed, onBegin });
    if (hasRecord) {
      const idempotency = idempotencyKey === undefined
        ? undefined
        : { key: idempotencyKey, fingerprint: submission.fingerprint() };
      this.#records.begin(facts, { explained: submission, idempotency, isDurable });
    }
    this.#live.set(facts.id, live);
    this.#previews.add(facts.id, submission.preview ?? submission.source.code ?? "");
    this.#finish(live, submission, body, { signal: options.signal, hasRecord });
    return { id: facts.id, ended: live.ended };
  }

  async report(
    caller: Caller,
    id: string,
    { waitMs = 0, signal }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ExecutionReport> {
    const live = this.#find(caller, id);
    if (live === undefined) return this.#records.report(caller, id);
    if (waitMs > 0) await settledWithin(live.ended, waitMs, { signal });
    return this.#find(caller, id)?.report ?? this.#records.report(caller, id);
  }

  list({ principal: { tenant } }: Caller, { cursor, limit, q, sessionId, status }: ExecutionQuery): ExecutionPage {
    const after = cursor === undefined ? undefined : parseCursor(cursor, "exec");
    this.recordEnded();
    const live = [...this.#live.values()].filter(({ facts }) =>
      facts.caller.principal.tenant === tenant && (sessionId === undefined || facts.sessionId === sessionId)
    );
    const recorded = status === "queued" || status === "running" ? [] : this.#records.list(tenant, {
      after,
      limit: q === undefined ? limit + 1 + live.length : MAX_SEARCHED,
      sessionId,
      status,
    });
    const candidates = [
      ...live.map(({ entry }) => entry).filter((entry) => status === undefined || entry.status === status),
      ...recorded.filter(({ id }) => !this.#live.has(id)),
    ].map((entry): ExecutionEntry => {
      const preview = this.#previews.get(entry.id);
      return preview === undefined ? entry : { ...entry, preview };
    });
    const found = q === undefined ? candidates : candidates.filter((entry) => hasText(entry, q));
    const { items: executions, ...rest } = pageOf(found, { after, limit });
    return { executions, ...rest };
  }

  follow(caller: Caller, id: string, { after, signal }: FollowOptions): AsyncIterable<ExecutionEvent> | undefined {
    const source = this.#find(caller, id) ?? this.#records.eventSource(caller, id);
    if (after !== undefined) checkReached(source, after);
    return after?.hasEnd ? undefined : readEvents(source, { after: after?.position, signal });
  }

  cancel(caller: Caller, id: string): void {
    const live = this.#find(caller, id);
    if (live === undefined) this.#records.report(caller, id); // Throws when there is none.
    else live.cancel();
  }

  async feed(
    caller: Caller,
    id: string,
    input: FeedInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const live = this.#find(caller, id);
    if (live !== undefined) return await live.feed(input, options);
    this.#records.report(caller, id);
    throw new CodeBeakerError("conflict", "Cannot feed this execution as it has ended");
  }

  /** Records every end, also those whose answer may not have gone yet. */
  recordEnded(): void {
    this.#unrecorded.finish();
  }

  /** How many executions wait in the queue. */
  get queuedCount(): number {
    return [...this.#live.values()].filter(({ isQueued }) => isQueued).length;
  }

  /** Ends the executions of a session as `interrupted`. Returns when they have ended. */
  async interruptSession(sessionId: string, reason: string): Promise<void> {
    const ofSession = [...this.#live.values()].filter(({ facts }) => facts.sessionId === sessionId);
    for (const live of ofSession) live.interrupt(reason);
    await Promise.allSettled(ofSession.map(({ ended }) => ended));
  }

  /** Ends the executions of these tenants as `interrupted`. */
  interruptTenants(tenants: ReadonlySet<string>, reason: string): void {
    for (const live of this.#live.values()) {
      if (tenants.has(live.facts.caller.principal.tenant)) live.interrupt(reason);
    }
  }

  /** Lets live executions finish within `drainMs`, and interrupts the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = () => Promise.allSettled([...this.#live.values()].map(({ ended }) => ended));
    await settledWithin(all(), this.#drainMs);
    for (const live of this.#live.values()) live.interrupt(SHUT_DOWN);
    await all();
    this.#unrecorded[Symbol.dispose]();
  }

  async #finish(
    live: LiveExecution,
    submission: Submission,
    body: ExecutionBody,
    { signal, hasRecord }: { readonly signal: AbortSignal | undefined; readonly hasRecord: boolean },
  ): Promise<void> {
    live.waiters.join(signal);
    const result = await this.#run(live, submission, body);
    const endedAt = Date.now();
    const { facts, queuedMs } = live;
    const record = () => {
      this.#records.end(live, { result, hasRecord });
      const { createdAt: _createdAt, ...ended } = facts;
      const { selection: { floor }, source } = submission;
      this.#observer.executionEnded?.({ ...ended, floor, result, endedAt, queuedMs, source });
      submission.onRecorded?.();
    };
    if (hasRecord) record();
    else this.#unrecorded.add(record);
    this.#live.delete(facts.id);
    live.settle(result);
  }

  async #run(live: LiveExecution, explained: Explained, body: ExecutionBody): Promise<Execution | CodeBeakerError> {
    try {
      return toExecution(live.facts, explained, live.attribute(await body(live)));
    } catch (error) {
      if (error === live.signal.reason && live.signal.aborted) {
        const cancelled = { ...unrun(explained.selection), outcome: { kind: "cancelled" } } as const;
        return toExecution(live.facts, explained, live.attribute(cancelled));
      }
      if (error instanceof CodeBeakerError) return error;
      return new CodeBeakerError("internal", messageOf(error), { cause: error });
    }
  }

  /** Finds an execution that has not ended. Any other has been recorded by then. */
  #find({ principal }: Caller, id: string): LiveExecution | undefined {
    this.recordEnded();
    const live = this.#live.get(id);
    return live?.facts.caller.principal.tenant === principal.tenant ? live : undefined;
  }
}

/** Whether an entry has a text in what a listing shows of it. */
function hasText({ id, language, outcome, preview = "", runtime = "", status }: ExecutionEntry, text: string): boolean {
  const shown = [preview, id, language, runtime, status, outcome?.kind ?? ""];
  return shown.join("\n").toLowerCase().includes(text.toLowerCase());
}

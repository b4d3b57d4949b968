import { CodeBeakerError, type ErrorCode, messageOf } from "../core/errors.ts";
import type { Attempt, Execution, ProgramResult } from "../core/execution.ts";
import { newId } from "../core/ids.ts";
import type { Limits } from "../core/limits.ts";
import type { Selection } from "../core/selection.ts";
import { log } from "../log.ts";
import type { ExecutionStore } from "../storage/storage.ts";
import { settledWithin } from "../concurrency/delay.ts";
import { WaiterSet } from "./waiter_set.ts";
import { LiveExecution } from "./live_execution.ts";
import type { EndedExecution, Observer } from "./observer.ts";
import type { Caller, ExecutionReport, FeedInput, SubmitOptions, Submitted } from "./port.ts";

/** What is told of an execution that a lost service left unfinished. */
const LOST = "the service was lost while it ran";
const SHUT_DOWN = "the service was shut down";
/** Whoever is told one of these is to ask again, and under the same idempotency key must not hear it for ever. */
const PASSING: readonly ErrorCode[] = ["busy", "runtime_unavailable"];
const NOT_RUN = { stdout: "", stderr: "", truncated: { stdout: 0, stderr: 0 }, exitCode: null, denials: [] } as const;
const NOTHING_USED = { wallMs: 0, startupMs: 0, cpuMs: null, peakMemoryBytes: null } as const;

/** What the executions of a service are made from. */
export interface ExecutionsOptions {
  readonly store: ExecutionStore;
  readonly observer?: Observer;
  /** How long running programs may go on when the service ends, in ms. */
  readonly drainMs: number;
}

/** An execution to be taken in. */
export interface Submission {
  readonly caller: Caller;
  readonly language: string;
  readonly sessionId?: string;
  readonly selection: Selection;
  readonly limits: Limits;
  readonly source: EndedExecution["source"];
  /** Whether the request names its stdin. */
  readonly hasStdin: boolean;
  /** Tells requests under the same idempotency key apart. */
  fingerprint(): string;
}

/** What came of a program, and where. */
export interface RunResult extends ProgramResult {
  readonly runtime: string;
  readonly warm: boolean;
  readonly attempts: readonly Attempt[];
}

/** Waits for its turn, runs, and tells what came of it; it ends soon after the execution's signal is aborted. */
export type ExecutionBody = (live: LiveExecution) => Promise<RunResult>;

/** Every execution of the service: those that live, and through the store those that have ended. */
export class Executions implements AsyncDisposable {
  readonly #store: ExecutionStore;
  readonly #observer: Observer;
  readonly #drainMs: number;
  readonly #live = new Map<string, LiveExecution>();
  readonly #audiences = new WeakMap<LiveExecution, WaiterSet>();

  constructor({ store, observer = {}, drainMs }: ExecutionsOptions) {
    this.#store = store;
    this.#observer = observer;
    this.#drainMs = drainMs;
  }

  /**
   * The execution that was submitted under the same key before, for which one more waits now.
   *
   * @throws {CodeBeakerError} `conflict` when it was another request
   */
  findRepeated(
    { caller, fingerprint }: Pick<Submission, "caller" | "fingerprint">,
    key: string,
    { signal }: Pick<SubmitOptions, "signal"> = {},
  ): Submitted | undefined {
    const { tenant } = caller.principal;
    const found = this.#store.findRepeated(tenant, key);
    if (found === undefined) return undefined;
    if (found.fingerprint !== fingerprint()) {
      throw new CodeBeakerError("conflict", "Cannot take the idempotency key as another request came with it before");
    }
    const live = this.#live.get(found.id);
    if (live === undefined) return this.#storedSubmit(tenant, found.id);
    this.#audiences.get(live)?.join(signal);
    return { id: found.id, ended: live.ended, status: live.hasBegun ? "running" : "queued" };
  }

  /**
   * Takes an execution in and starts on it. It is cancelled when everybody is gone who waits for it, and nobody does so
   * without a signal.
   *
   * @throws {CodeBeakerError} `busy` for one that must outlive the service, and cannot be kept now
   */
  start(submission: Submission, body: ExecutionBody, options: SubmitOptions = {}): Submitted {
    const { caller, language, sessionId, selection, limits } = submission;
    const { idempotencyKey } = options;
    const repeated = idempotencyKey === undefined ? undefined : this.findRepeated(submission, idempotencyKey, options);
    if (repeated !== undefined) return repeated;
    const facts = { id: newId("exec"), caller, language, sessionId, createdAt: new Date().toISOString() };
    const isFed = (options.isInteractive ?? false) && !submission.hasStdin && options.stdin === undefined;
    const live = new LiveExecution(facts, { maxOutputBytes: limits.maxOutputBytes, isFed });
    const mustBeKept = options.isPatient === true || idempotencyKey !== undefined;
    const isTold = mustBeKept || options.onStart !== undefined;
    if (isTold) {
      const draft = { ...unrun(selection), outcome: { kind: "interrupted", reason: LOST } as const };
      this.#store.begin({
        tenant: caller.principal.tenant,
        sessionId,
        draft: this.#toExecution(live, selection, draft),
        idempotency: idempotencyKey === undefined ? undefined : {
          key: idempotencyKey,
          fingerprint: submission.fingerprint(),
        },
        mustBeKept,
      });
    }
    this.#live.set(facts.id, live);
    this.#follow(live, submission, body, { signal: options.signal, isTold });
    return { id: facts.id, ended: live.ended };
  }

  async report(
    caller: Caller,
    id: string,
    { waitMs = 0, signal }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ExecutionReport> {
    const live = this.#find(caller, id);
    if (live === undefined) return this.#storedReport(caller, id);
    if (waitMs > 0) await settledWithin(live.ended, waitMs, { signal });
    return this.#live.has(id) ? live.report : this.#storedReport(caller, id);
  }

  cancel(caller: Caller, id: string): void {
    const live = this.#find(caller, id);
    if (live === undefined) this.#storedReport(caller, id); // It is there, or that is told.
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
    this.#storedReport(caller, id);
    throw new CodeBeakerError("conflict", "Cannot feed this execution as it has ended");
  }

  /** How many wait for their turn. */
  get queuedCount(): number {
    return [...this.#live.values()].filter(({ isQueued }) => isQueued).length;
  }

  /** How many there are that have not ended. */
  get liveCount(): number {
    return this.#live.size;
  }

  /** Ends those of a session as `interrupted`; returns when they have ended. */
  async interruptSession(sessionId: string, reason: string): Promise<void> {
    const ofSession = [...this.#live.values()].filter(({ facts }) => facts.sessionId === sessionId);
    for (const live of ofSession) live.interrupt(reason);
    await Promise.allSettled(ofSession.map(({ ended }) => ended));
  }

  /** Ends those of these tenants as `interrupted`. */
  interruptTenants(tenants: ReadonlySet<string>, reason: string): void {
    for (const live of this.#live.values()) {
      if (tenants.has(live.facts.caller.principal.tenant)) live.interrupt(reason);
    }
  }

  /** Lets those that live finish for a while, and interrupts the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = () => Promise.allSettled([...this.#live.values()].map(({ ended }) => ended));
    await settledWithin(all(), this.#drainMs);
    for (const live of this.#live.values()) live.interrupt(SHUT_DOWN);
    await all();
  }

  async #follow(
    live: LiveExecution,
    submission: Submission,
    body: ExecutionBody,
    { signal, isTold }: { readonly signal: AbortSignal | undefined; readonly isTold: boolean },
  ): Promise<void> {
    using audience = new WaiterSet(() => live.cancel());
    this.#audiences.set(live, audience);
    audience.join(signal);
    const result = await this.#run(live, submission.selection, body);
    this.#record(live, submission, { result, isTold });
    this.#live.delete(live.facts.id);
    live.settle(result);
  }

  async #run(live: LiveExecution, selection: Selection, body: ExecutionBody): Promise<Execution | CodeBeakerError> {
    try {
      const result = await body(live);
      return this.#toExecution(live, selection, { ...result, outcome: live.outcomeOf(result.outcome) });
    } catch (error) {
      if (error === live.signal.reason && live.signal.aborted) {
        const outcome = live.outcomeOf({ kind: "cancelled" });
        return this.#toExecution(live, selection, { ...unrun(selection), outcome });
      }
      if (error instanceof CodeBeakerError) return error;
      return new CodeBeakerError("internal", messageOf(error), { cause: error });
    }
  }

  /** What cannot be written down is told in the log, and answered all the same. */
  #record(
    live: LiveExecution,
    { source }: Submission,
    { isTold, result }: { readonly result: Execution | CodeBeakerError; readonly isTold: boolean },
  ): void {
    const { id, caller, language, sessionId } = live.facts;
    try {
      if (!(result instanceof CodeBeakerError)) {
        if (isTold) this.#store.end(result);
        else this.#store.add({ tenant: caller.principal.tenant, sessionId, execution: result });
      } else if (isTold) {
        const { code, message, details } = result;
        this.#store.fail(id, { code, message, details }, { freesKey: !live.hasBegun && PASSING.includes(code) });
      }
    } catch (error) {
      log.error("an execution cannot be recorded", { execution: id, error: messageOf(error) });
    }
    this.#observer.executionEnded?.({ caller, id, sessionId, language, result, queuedMs: live.queuedMs, source });
  }

  #toExecution(live: LiveExecution, selection: Selection, result: RunResult): Execution {
    const { id, language, sessionId, createdAt } = live.facts;
    const { runtime, warm, attempts, ...program } = result;
    const session = sessionId === undefined ? {} : { sessionId };
    return { id, language, ...session, runtime, ...program, warm, selection, attempts, createdAt };
  }

  #find({ principal }: Caller, id: string): LiveExecution | undefined {
    const live = this.#live.get(id);
    return live?.facts.caller.principal.tenant === principal.tenant ? live : undefined;
  }

  /** @throws {CodeBeakerError} `not_found` */
  #storedReport({ principal }: Caller, id: string): ExecutionReport {
    const found = this.#store.find(principal.tenant, id);
    if (found === undefined) {
      throw new CodeBeakerError("not_found", `Cannot find the execution ${JSON.stringify(id.slice(0, 64))}`);
    }
    return found.status === "failed"
      ? { status: "failed", id, error: found.error }
      : { status: "ended", execution: found.execution };
  }

  /** What was submitted, and is over. */
  #storedSubmit(tenant: string, id: string): Submitted {
    const found = this.#store.find(tenant, id);
    if (found?.status === "ended") return { id, ended: Promise.resolve(found.execution), status: "ended" };
    const { code, message, details } = found?.status === "failed"
      ? found.error
      : { code: "not_found", message: "Cannot find the first execution", details: {} } as const;
    const ended = Promise.reject(new CodeBeakerError(code, message, { details }));
    ended.catch(() => {}); // Whoever waits for it is told.
    return { id, ended, status: "failed" };
  }
}

/** What is told of a program that did not run. */
function unrun({ chosen }: Selection): Omit<RunResult, "outcome"> {
  return { ...NOT_RUN, runtime: chosen ?? "", warm: false, usage: NOTHING_USED, attempts: [] };
}

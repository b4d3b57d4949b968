import { CodeBeakerError, hasCode } from "../core/errors.ts";
import { newId } from "../core/ids.ts";
import {
  type LimitName,
  type LimitPolicy,
  type Limits,
  lowerLimits,
  OWN_LIMIT_POLICY,
  type RequestedLimits,
} from "../core/limits.ts";
import type { Selection } from "../core/selection.ts";
import type { CloseReason, SessionInfo, SessionState } from "../core/session.ts";
import type { SessionChanges, SessionRequest } from "../core/requests/session_request.ts";
import type { SessionEnvironment } from "../engine/dispatcher.ts";
import type { Caller } from "../engine/port.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { Clock } from "../concurrency/clock.ts";
import { type AcquireOptions, Semaphore } from "../concurrency/semaphore.ts";
import { Contexts } from "../contexts/contexts.ts";
import { KeyedQueue } from "../concurrency/keyed_queue.ts";
import { DefaultContexts } from "./default_contexts.ts";
import { SessionClock } from "./session_clock.ts";

/** Most programs of one session in the queue. */
const MAX_QUEUED = 100;

/** The parts of a session. */
export interface SessionOptions {
  readonly owner: Caller;
  readonly request: SessionRequest;
  readonly selection: Selection;
  readonly clock: Clock;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy;
  /** The stored facts of a session that an earlier process made. */
  readonly recovered?: SessionInfo;
}

/** An execution environment that lasts: its state, its clock, and the queue of its programs. */
export class Session {
  readonly id: string;
  readonly owner: Caller;
  readonly selection: Selection;
  /** Locks files by their paths. Two writers at a time would leave pieces of both. */
  readonly fileLocks = new KeyedQueue();
  /** The session's interpreters, which end with it. */
  readonly contexts = new Contexts();
  readonly defaultContexts = new DefaultContexts();
  readonly #clock: SessionClock;
  readonly #programSlot = new Semaphore(1);
  readonly #isRecovered: boolean;
  readonly #limitPolicy: LimitPolicy;
  #request: SessionRequest;
  #runtime: string;
  #environment: ExecutionEnvironment | undefined;
  #enforced: readonly LimitName[] = [];
  #leastMemoryMb = 0;
  #executionCount: number;
  /** How many uses are open now. */
  #uses = 0;
  #closing: Promise<void> | undefined;
  readonly #isClosing = new AbortController();
  #closedBecause: CloseReason | undefined;

  constructor({ owner, request, selection, clock, limitPolicy = OWN_LIMIT_POLICY, recovered }: SessionOptions) {
    this.#limitPolicy = limitPolicy;
    this.id = recovered?.id ?? newId("sess");
    this.owner = owner;
    this.#request = request;
    this.selection = selection;
    this.#clock = new SessionClock(clock, { ...request, recovered });
    this.#executionCount = recovered?.executionCount ?? 0;
    this.#runtime = recovered?.runtime ?? selection.chosen ?? "";
    this.#isRecovered = recovered !== undefined;
  }

  /** Whether the session has ever been open. Then its owner knows it. */
  get wasOpen(): boolean {
    return this.#isRecovered || this.#environment !== undefined;
  }

  /** The request that made the session, with the changes since. */
  get request(): SessionRequest {
    return this.#request;
  }

  /** Aborted when the session begins to close. */
  get closing(): AbortSignal {
    return this.#isClosing.signal;
  }

  get state(): SessionState {
    if (this.#closedBecause !== undefined) return "closed";
    if (this.#closing !== undefined) return "closing";
    if (this.#environment === undefined) return "creating";
    return this.#uses > 0 ? "active" : "idle";
  }

  get info(): SessionInfo {
    const { language, idleTimeoutMs, maxLifetimeMs, metadata } = this.request;
    return {
      id: this.id,
      language,
      runtime: this.#runtime,
      state: this.state,
      ...this.#clock.times,
      executionCount: this.#executionCount,
      idleTimeoutMs,
      maxLifetimeMs,
      metadata,
      selection: this.selection,
      ...(this.#closedBecause === undefined ? {} : { closedBecause: this.#closedBecause }),
    };
  }

  /** Why the session must be closed now; undefined when it may stay open. */
  get expiry(): CloseReason | undefined {
    return this.#clock.expiry({ isIdle: this.state === "idle" });
  }

  /** The last activity, in ms since 1970. */
  get lastActivityAt(): number {
    return this.#clock.lastActivityAt;
  }

  get runtime(): string {
    return this.#runtime;
  }

  /**
   * The session's environment.
   *
   * @throws {CodeBeakerError} `conflict` when the session has none yet, or is closing or closed
   */
  get environment(): ExecutionEnvironment {
    if (this.#environment === undefined || this.#closing !== undefined) throw this.#notOpen();
    return this.#environment;
  }

  /** @throws {CodeBeakerError} `conflict`, as {@link environment} does */
  checkOpen(): void {
    if (this.#environment === undefined || this.#closing !== undefined) throw this.#notOpen();
  }

  /**
   * Does work other than running a program in the environment.
   *
   * @throws {CodeBeakerError} `conflict` also when the session closes meanwhile
   */
  async attempt<T>(act: (environment: ExecutionEnvironment) => Promise<T>): Promise<T> {
    try {
      return await act(this.environment);
    } catch (error) {
      throw this.#closing === undefined ? error : this.#notOpen(error);
    }
  }

  /**
   * Resolves the limits of a program in the session.
   *
   * @throws {CodeBeakerError} `invalid_request` for a limit above the session's, or one that its runtime cannot enforce
   */
  lowerLimits(requested: RequestedLimits): Limits {
    const policy = this.#limitPolicy;
    return lowerLimits({ named: this.request.limits, enforced: this.#enforced, policy }, requested);
  }

  /** Memory in MB that a program with these limits takes. */
  memoryFor({ memoryMb }: Limits): number {
    return Math.max(memoryMb, this.#leastMemoryMb);
  }

  /** Longest time that a program in the session may ask for, in ms. */
  get maxTimeoutMs(): number {
    const { ceilings } = this.#limitPolicy;
    return Math.min(this.request.limits.timeoutMs ?? Infinity, ceilings.timeoutMs);
  }

  /**
   * Gives the session its environment.
   *
   * @throws {CodeBeakerError} `conflict` when the session was closed before
   */
  open({ environment, runtime, enforced, leastMemoryMb }: SessionEnvironment): void {
    if (this.#closing !== undefined) throw this.#notOpen();
    this.#environment = environment;
    this.#runtime = runtime;
    this.#enforced = enforced;
    this.#leastMemoryMb = leastMemoryMb;
  }

  /**
   * Changes the session's timeouts and its metadata, which is activity.
   *
   * @throws {CodeBeakerError} `conflict` when the session is not open
   */
  change(changes: SessionChanges): void {
    this.checkOpen();
    this.#request = { ...this.#request, ...changes };
    this.#clock.setTimeouts(this.#request);
    this.#clock.touch();
  }

  /** Marks the session as active until the result is disposed of. Both moments are activity. */
  use(): Disposable {
    let isOver = false;
    this.#uses++;
    this.#clock.touch();
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#uses--;
        this.#clock.touch();
      },
    };
  }

  /** @throws {CodeBeakerError} `busy` when the queue is full */
  checkQueue(): void {
    if (this.#programSlot.waiting < MAX_QUEUED) return;
    const details = { retryAfterMs: 1_000 };
    throw new CodeBeakerError("busy", `Cannot run now as ${MAX_QUEUED} programs of this session wait`, { details });
  }

  /**
   * Waits for the one program slot, in the order of the calls.
   *
   * @throws the reason of `signal` when it aborts first
   */
  async acquireProgramSlot(options: AcquireOptions): Promise<Disposable> {
    const slot = await this.#programSlot.acquire(options).catch((cause: unknown) => {
      if (!hasCode(cause, "busy")) throw cause;
      const message =
        `Cannot run the program as another one of its session has not ended: waited ${options.timeoutMs} ms`;
      throw new CodeBeakerError("busy", message, { cause, details: cause.details });
    });
    const use = this.use();
    this.#executionCount++;
    return {
      [Symbol.dispose]() {
        use[Symbol.dispose]();
        slot[Symbol.dispose]();
      },
    };
  }

  /** Reports a session that never opens as one that closes. */
  abandon(): void {
    this.#isClosing.abort();
  }

  /** Closes the session once. It calls `end`, then disposes of the environment. Later calls wait for the first. */
  close(reason: CloseReason, end: () => Promise<void>): Promise<void> {
    this.#closing ??= (async () => {
      try {
        await using _environment = this.#environment;
        await end();
      } finally {
        this.#closedBecause = reason;
      }
    })();
    this.#isClosing.abort();
    return this.#closing;
  }

  #notOpen(cause?: unknown): CodeBeakerError {
    return new CodeBeakerError("conflict", `Cannot use the session ${this.id} as it is ${this.state}`, { cause });
  }
}

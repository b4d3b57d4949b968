import { CodeBeakerError } from "../core/errors.ts";
import { newId } from "../core/ids.ts";
import { type LimitName, LIMITS, type Limits, lowerLimits, type RequestedLimits } from "../core/limits.ts";
import type { Selection } from "../core/selection.ts";
import type { CloseReason, SessionInfo, SessionRequest, SessionState } from "../core/session.ts";
import type { SessionEnvironment } from "../engine/dispatcher.ts";
import type { Caller } from "../engine/port.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { Clock } from "../concurrency/clock.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { Contexts } from "../contexts/contexts.ts";
import { KeyedQueue } from "../concurrency/keyed_queue.ts";

/** Programs of one session that may wait for their turn. */
const MAX_WAITING = 100;

/** What a session is made from. */
export interface SessionOptions {
  readonly owner: Caller;
  readonly request: SessionRequest;
  readonly selection: Selection;
  readonly clock: Clock;
  /** What is known of a session that an earlier process kept. */
  readonly kept?: SessionInfo;
}

/** An environment that lasts: its state, its clock, and whose turn it is in it. */
export class Session {
  readonly id: string;
  readonly owner: Caller;
  readonly request: SessionRequest;
  /** Whose turn it is to change a file: two at a time would leave pieces of both. */
  readonly fileQueue = new KeyedQueue();
  /** Its interpreters, which end with it. */
  readonly contexts = new Contexts();
  readonly #selection: Selection;
  readonly #clock: Clock;
  readonly #createdAt: number;
  readonly #turns = new Semaphore(1);
  readonly #isKept: boolean;
  #runtime: string;
  #environment: ExecutionEnvironment | undefined;
  #enforced: readonly LimitName[] = [];
  #leastMemoryMb = 0;
  #lastActivityAt: number;
  /** When it was made and used, by the time that passes: setting the clock neither ends it nor lets it go on. */
  readonly #madeElapsed: number;
  #usedElapsed: number;
  #executionCount: number;
  /** What is being done in it now. */
  #uses = 0;
  #closing: Promise<void> | undefined;
  #closedBecause: CloseReason | undefined;

  constructor({ owner, request, selection, clock, kept }: SessionOptions) {
    this.id = kept?.id ?? newId("sess");
    this.owner = owner;
    this.request = request;
    this.#selection = selection;
    this.#clock = clock;
    this.#createdAt = kept === undefined ? clock.now() : Date.parse(kept.createdAt);
    this.#lastActivityAt = kept === undefined ? clock.now() : Date.parse(kept.lastActivityAt);
    const since = (at: number) => clock.elapsed() - Math.max(0, clock.now() - at);
    this.#madeElapsed = since(this.#createdAt);
    this.#usedElapsed = since(this.#lastActivityAt);
    this.#executionCount = kept?.executionCount ?? 0;
    this.#runtime = kept?.runtime ?? selection.chosen ?? "";
    this.#isKept = kept !== undefined;
  }

  /** Whether anybody was told of it: it has been open. */
  get isKnown(): boolean {
    return this.#isKept || this.#environment !== undefined;
  }

  get state(): SessionState {
    if (this.#closedBecause !== undefined) return "closed";
    if (this.#closing !== undefined) return "closing";
    if (this.#environment === undefined) return "creating";
    return this.#uses > 0 ? "active" : "idle";
  }

  get selection(): Selection {
    return this.#selection;
  }

  get info(): SessionInfo {
    const { language, idleTimeoutMs, maxLifetimeMs, metadata } = this.request;
    return {
      id: this.id,
      language,
      runtime: this.#runtime,
      state: this.state,
      createdAt: new Date(this.#createdAt).toISOString(),
      lastActivityAt: new Date(this.#lastActivityAt).toISOString(),
      expiresAt: new Date(Math.min(this.#lastActivityAt + idleTimeoutMs, this.#createdAt + maxLifetimeMs))
        .toISOString(),
      executionCount: this.#executionCount,
      idleTimeoutMs,
      maxLifetimeMs,
      metadata,
      selection: this.#selection,
      ...(this.#closedBecause === undefined ? {} : { closedBecause: this.#closedBecause }),
    };
  }

  /**
   * Does something that is no program in its environment.
   *
   * @throws {CodeBeakerError} `conflict` also where it ends meanwhile
   */
  async attempt<T>(act: (environment: ExecutionEnvironment) => Promise<T>): Promise<T> {
    try {
      return await act(this.environment);
    } catch (error) {
      throw this.#closing === undefined ? error : this.#notOpen(error);
    }
  }

  /**
   * Its environment.
   *
   * @throws {CodeBeakerError} `conflict` before there is one, and when the session is closing or closed
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
   * The limits of a program in it that names these.
   *
   * @throws {CodeBeakerError} `invalid_request` for one that is higher than the session's, or that would not hold
   */
  lowerLimits(requested: RequestedLimits): Limits {
    return lowerLimits({ named: this.request.limits, enforced: this.#enforced }, requested);
  }

  /** Memory in MB that a program of these limits takes in it. */
  memoryFor({ memoryMb }: Limits): number {
    return Math.max(memoryMb, this.#leastMemoryMb);
  }

  /** The most time that a program in it may ask for, in ms. */
  get maxTimeoutMs(): number {
    return this.request.limits.timeoutMs ?? LIMITS.timeoutMs.max;
  }

  get runtime(): string {
    return this.#runtime;
  }

  /** When it was used last, in ms since 1970. */
  get lastActivityAt(): number {
    return this.#lastActivityAt;
  }

  /** Why it is to be closed by now, if it is. */
  get expiry(): CloseReason | undefined {
    const { idleTimeoutMs, maxLifetimeMs } = this.request;
    const now = this.#clock.elapsed();
    if (now - this.#madeElapsed >= maxLifetimeMs) return "max_lifetime";
    return this.state === "idle" && now - this.#usedElapsed >= idleTimeoutMs ? "idle_timeout" : undefined;
  }

  /** It has its environment. @throws {CodeBeakerError} `conflict` when it was closed before it had one */
  open({ environment, runtime, enforced, leastMemoryMb }: SessionEnvironment): void {
    if (this.#closing !== undefined) throw this.#notOpen();
    this.#environment = environment;
    this.#runtime = runtime;
    this.#enforced = enforced;
    this.#leastMemoryMb = leastMemoryMb;
  }

  /** Something is done in it, until the returned is disposed of, once or more often; both ends are activity. */
  use(): Disposable {
    let isOver = false;
    this.#uses++;
    this.#touch();
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#uses--;
        this.#touch();
      },
    };
  }

  /** Whether one more program may wait for its turn. @throws {CodeBeakerError} `busy` */
  checkQueue(): void {
    if (this.#turns.waiting < MAX_WAITING) return;
    const details = { retryAfterMs: 1_000 };
    throw new CodeBeakerError("busy", `Cannot run now as ${MAX_WAITING} programs of this session wait`, { details });
  }

  /** A program's turn, in the order in which they ask. @throws the reason of `signal` when it is aborted first */
  async takeTurn(signal: AbortSignal): Promise<Disposable> {
    using turn = new DisposableStack();
    turn.use(await this.#turns.acquire({ signal }));
    turn.use(this.use());
    this.#executionCount++;
    return turn.move();
  }

  /** Closes it once, by `end` and then by disposing of its environment; whoever asks again waits for the same. */
  close(reason: CloseReason, end: () => Promise<void>): Promise<void> {
    return this.#closing ??= (async () => {
      try {
        await using _environment = this.#environment;
        await end();
      } finally {
        this.#closedBecause = reason;
      }
    })();
  }

  #notOpen(cause?: unknown): CodeBeakerError {
    return new CodeBeakerError("conflict", `Cannot use the session ${this.id} as it is ${this.state}`, { cause });
  }

  #touch(): void {
    this.#lastActivityAt = this.#clock.now();
    this.#usedElapsed = this.#clock.elapsed();
  }
}

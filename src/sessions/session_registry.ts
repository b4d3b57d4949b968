import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { CloseReason, SessionInfo } from "../core/session.ts";
import type { SessionChanges, SessionRequest } from "../core/requests/session_request.ts";
import type { Admission } from "../engine/admission.ts";
import type { Dispatcher, SessionEnvironment } from "../engine/dispatcher.ts";
import type { Executions } from "../engine/executions.ts";
import type { Observer } from "../engine/observer.ts";
import type { Caller } from "../engine/port.ts";
import { log } from "../log.ts";
import type { SessionStore } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import type { SessionPage, SessionsPort } from "./port.ts";
import { RecoveredSessions, type RecoveredSessionsOptions } from "./recovered_sessions.ts";
import { Session } from "./session.ts";
import { sessionPage } from "./session_page.ts";

/** How often sessions are polled for their expiry and their last activity. */
const POLL_INTERVAL_MS = 1_000;

/** The parts of a session registry. */
export interface SessionRegistryOptions {
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  readonly executions: Executions;
  readonly store: SessionStore;
  readonly observer?: Observer;
  readonly clock: Clock;
  /** Most sessions that are open at the same time. */
  readonly maxSessions: number;
}

/** The sessions that are not closed: creates, finds, recovers, records and closes them. */
export class SessionRegistry implements AsyncDisposable {
  readonly #options: SessionRegistryOptions;
  readonly #observer: Observer;
  readonly #open = new Map<string, Session>();
  /**
   * The last recorded activity of each session. A service that is lost between two polls loses no more than the time
   * since.
   */
  readonly #recordedActivity = new WeakMap<Session, number>();
  #recovered: RecoveredSessions | undefined;
  readonly #polling: Disposable;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    this.#polling = options.clock.every(POLL_INTERVAL_MS, () => this.#poll());
  }

  /** The sessions that are not closed. */
  get sessions(): Session[] {
    return [...this.#open.values()];
  }

  /** @throws {CodeBeakerError} the errors of a selection; `busy` for too many sessions */
  async create(
    caller: Caller,
    request: SessionRequest,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<SessionInfo> {
    const { admission, dispatcher, clock } = this.#options;
    this.#checkRoom(caller);
    const candidates = await admission.whileOpen(dispatcher.findCandidates(caller.principal, request));
    this.#checkRoom(caller);
    const { selection } = candidates.ranking;
    const { limits } = candidates.request;
    const { limitPolicy } = dispatcher;
    const session = new Session({ owner: caller, request: { ...request, limits }, selection, clock, limitPolicy });
    this.#open.set(session.id, session);
    try {
      await this.#start(session, { made: await dispatcher.openSession(candidates), signal });
    } catch (error) {
      this.#open.delete(session.id);
      session.abandon();
      throw error;
    }
    return session.info;
  }

  /** Finds the session of a caller, when it is not closed. */
  find({ principal }: Caller, id: string): Session | undefined {
    const session = this.#open.get(id);
    return session?.owner.principal.tenant === principal.tenant ? session : undefined;
  }

  /**
   * Finds the open session of a caller.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when the session is not open
   */
  get(caller: Caller, id: string): Session {
    const session = this.find(caller, id);
    if (session === undefined) {
      this.show(caller, id);
      throw new CodeBeakerError("conflict", `Cannot use the session ${id} as it is closed: create another`);
    }
    session.checkOpen();
    return session;
  }

  /**
   * Finds the facts of a session, open or closed.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  show(caller: Caller, id: string): SessionInfo {
    const info = this.find(caller, id)?.info ?? this.#options.store.find(caller.principal.tenant, id);
    if (info !== undefined) return info;
    throw new CodeBeakerError("not_found", `Cannot find the session ${JSON.stringify(id.slice(0, 64))}`);
  }

  /**
   * Changes an open session. A session whose time is over, but that is not closing yet, is extended too.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when the session is not open
   */
  change(caller: Caller, id: string, changes: SessionChanges): SessionInfo {
    const session = this.get(caller, id);
    session.change(changes);
    this.record(session);
    return session.info;
  }

  list({ principal: { tenant } }: Caller, options: Parameters<SessionsPort["list"]>[1]): SessionPage {
    const open = this.sessions.filter(({ owner }) => owner.principal.tenant === tenant);
    return sessionPage(open.map(({ info }) => info), options, (page) => this.#options.store.listClosed(tenant, page));
  }

  /** Closes a session. Returns when its programs have ended and its environment is removed. */
  async close(session: Session, reason: CloseReason): Promise<void> {
    try {
      await session.close(reason, async () => {
        const interrupted = this.#options.executions.interruptSession(session.id, `the session ends: ${reason}`);
        await session.contexts[Symbol.asyncDispose]();
        await interrupted;
      });
    } finally {
      this.#forget(session);
    }
  }

  /** Begins to close a session. A failure is logged. */
  closeSoon(session: Session, reason: CloseReason): void {
    this.close(session, reason).catch((error: unknown) =>
      log.error("session.close_failed", { session: session.id, error: messageOf(error) })
    );
  }

  /** Begins to close every session of these tenants. */
  closeTenants(tenants: ReadonlySet<string>, reason: CloseReason): void {
    for (const session of this.#open.values()) {
      if (tenants.has(session.owner.principal.tenant) && session.state !== "closing") this.closeSoon(session, reason);
    }
  }

  /**
   * Recovers the sessions of an earlier process. It reattaches their environments, and closes sessions without one.
   * Where a runtime does not answer, each poll tries again.
   */
  async recover(onDecided: RecoveredSessionsOptions["onDecided"]): Promise<void> {
    this.#recovered = new RecoveredSessions(this.#options.store.open(), { ...this.#options, onDecided });
    for (const session of this.#recovered.sessions) this.#open.set(session.id, session);
    await this.#decideRecovered();
  }

  /** Records the facts of a session, unless it is closed: then that is recorded. */
  recordOpen(session: Session): void {
    if (this.#open.has(session.id)) this.record(session);
  }

  /** Records the facts of a session. A failure is only logged: the session continues. */
  record(session: Session): void {
    this.#recordedActivity.set(session, session.lastActivityAt);
    try {
      this.#options.store.update(session.info);
    } catch (error) {
      log.error("session.record_failed", { session: session.id, error: messageOf(error) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#polling[Symbol.dispose]();
    const closing = this.sessions.map((session) => this.close(session, "service_stopped"));
    await Promise.allSettled(closing); // The store closes next, so a failure waits until all the others are recorded.
    await this.#decideRecovered(); // Removes an environment that is being reattached.
    await Promise.all(closing); // Throws the first failure.
  }

  /** Opens a session with its new environment, unless the caller has left. */
  async #start(
    session: Session,
    { made, signal }: { readonly made: SessionEnvironment; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { admission, store } = this.#options;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(made.environment);
    // The session leaves the table before its environment is removed: a session that no store has can be neither found
    // nor recorded meanwhile.
    unwanted.defer(() => void this.#open.delete(session.id));
    signal?.throwIfAborted();
    admission.checkOpen();
    session.open(made);
    const { principal } = session.owner;
    const { env: _env, metadata: _metadata, ...request } = session.request;
    store.insert({ principal, info: session.info, request, environmentId: made.environment.id });
    this.#observer.sessionOpened?.(session.owner, session.info);
    unwanted.move();
  }

  /** Removes a closed session from the table, also when its environment could not be removed. */
  #forget(session: Session): void {
    if (!this.#open.delete(session.id) || !session.wasOpen) return;
    this.record(session);
    this.#options.executions.recordEnded(); // Its programs' ends are reported before its own.
    this.#observer.sessionClosed?.(session.owner, session.info);
  }

  async #decideRecovered(): Promise<void> {
    for (const session of await this.#recovered?.decide() ?? []) this.#forget(session);
  }

  #poll(): void {
    this.#decideRecovered().catch((error: unknown) => log.error("session.recover_failed", { error: messageOf(error) }));
    for (const session of this.#open.values()) {
      const { expiry, state, lastActivityAt } = session;
      const isOpen = state === "active" || state === "idle";
      if (expiry !== undefined) this.closeSoon(session, expiry);
      else if (isOpen && this.#recordedActivity.get(session) !== lastActivityAt) this.record(session);
    }
  }

  /** @throws {CodeBeakerError} `busy` */
  #checkRoom({ principal: { tenant, name, quota } }: Caller): void {
    const { admission, maxSessions } = this.#options;
    admission.checkOpen();
    if (this.#open.size >= maxSessions) throw tooManySessions(`${maxSessions} are open already`);
    const own = this.sessions.filter(({ owner }) => owner.principal.tenant === tenant).length;
    if (own >= (quota.maxSessions ?? Infinity)) {
      throw tooManySessions(`the key "${name}" may have ${quota.maxSessions} open (its quota maxSessions)`);
    }
  }
}

function tooManySessions(why: string): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot make a session now as ${why}`, { details: { retryAfterMs: 1_000 } });
}

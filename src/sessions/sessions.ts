import { findCommand, TextWorkerPool } from "../commands/mod.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import type { Limits } from "../core/limits.ts";
import { leavesNetwork } from "../core/permissions/permissions.ts";
import type { CloseReason, SessionExecutionRequest, SessionInfo, SessionRequest } from "../core/session.ts";
import type { Admission } from "../engine/admission.ts";
import type { Executions } from "../engine/executions.ts";
import type { Observer } from "../engine/observer.ts";
import type { Dispatcher, SessionEnvironment } from "../engine/dispatcher.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import { log } from "../log.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import type { SessionStore } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { KeptSessions } from "./kept_sessions.ts";
import type { CommandResult, ContextsPort, SessionPage, SessionsPort } from "./port.ts";
import { Session } from "./session.ts";
import { SessionContexts } from "./session_contexts.ts";
import { SessionFiles } from "./session_files.ts";
import { pageOf } from "./session_page.ts";
import { programOfCommand, programOfRequest } from "./session_program.ts";
import { SessionRunner } from "./session_runner.ts";

/** How often it is looked which sessions are over, and which were used. */
const REAP_INTERVAL_MS = 1_000;

/** What the sessions of a service are made from. */
export interface SessionsOptions {
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  readonly executions: Executions;
  readonly store: SessionStore;
  readonly observer?: Observer;
  readonly clock: Clock;
  /** Sessions that may be open at the same time. */
  readonly maxSessions: number;
  /** Whether the operator lets packages be installed. */
  readonly allowInstall: boolean;
}

/** Every session of the service: made by the selector, one program at a time in each, closed when its time is over. */
export class Sessions implements SessionsPort, AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #observer: Observer;
  readonly #runner: SessionRunner;
  readonly #open = new Map<string, Session>();
  readonly #texts = new TextWorkerPool();
  /** The last activity that is written down: a service that is lost between two looks forgets no more than that. */
  readonly #kept = new WeakMap<Session, number>();
  #leftover: KeptSessions | undefined;
  readonly #reaping: Disposable;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    this.#runner = new SessionRunner({
      ...options,
      onRun: (session) => this.#keep(session),
      onEnded: (session) => this.#closeQuietly(session, "environment_ended"),
    });
    this.#reaping = options.clock.every(REAP_INTERVAL_MS, () => this.#reap());
  }

  /** How many are not closed. */
  get count(): number {
    return this.#open.size;
  }

  /** How many contexts of them are not lost. */
  get contextCount(): number {
    return [...this.#open.values()].reduce((sum, { contexts }) => sum + contexts.count, 0);
  }

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
    const session = new Session({ owner: caller, request, selection, clock });
    this.#open.set(session.id, session);
    try {
      await this.#admit(session, { lasting: await dispatcher.openSession(candidates), signal });
    } catch (error) {
      this.#open.delete(session.id);
      throw error;
    }
    return session.info;
  }

  show(caller: Caller, id: string): SessionInfo {
    return this.#find(caller, id)?.info ?? this.#findKept(caller, id);
  }

  list(caller: Caller, options: Parameters<SessionsPort["list"]>[1]): SessionPage {
    const { tenant } = caller.principal;
    const open = [...this.#open.values()].filter(({ owner }) => owner.principal.tenant === tenant);
    return pageOf(open.map(({ info }) => info), options, (page) => this.#options.store.listClosed(tenant, page));
  }

  async close(caller: Caller, id: string): Promise<void> {
    const session = this.#find(caller, id);
    if (session === undefined) this.#findKept(caller, id); // It is closed, or not this tenant's: that is told.
    else await this.#close(session, "closed_by_owner");
  }

  submit(
    caller: Caller,
    id: string,
    request: SessionExecutionRequest,
    options: SubmitOptions = {},
  ): Promise<Submitted> {
    return Promise.try(() => {
      const repeated = this.#findRepeated(caller, { session: id, request }, options);
      if (repeated !== undefined) return repeated;
      const session = this.#get(caller, id);
      return this.#runner.start(caller, session, { program: programOfRequest(session, request), options });
    });
  }

  contexts(caller: Caller, id: string): ContextsPort {
    const { admission, clock } = this.#options;
    const open = () => new SessionContexts(this.#get(caller, id), { caller, admission, clock, runner: this.#runner });
    return {
      create: (language, options) => Promise.try(() => open().create(language, options)),
      submit: (context, request, options = {}) =>
        Promise.try(() =>
          this.#findRepeated(caller, { session: id, context, request }, options) ??
            open().submit(context, request, options)
        ),
      interrupt: (context) => open().interrupt(context),
      close: (context) => Promise.try(() => open().close(context)),
    };
  }

  async command(caller: Caller, id: string, value: unknown, options: SubmitOptions = {}): Promise<CommandResult> {
    const session = this.#get(caller, id);
    const command = findCommand(value);
    if (command.runsProgram) {
      const mayInstall = this.#options.allowInstall && leavesNetwork(caller.principal.ceiling);
      const program = programOfCommand(session, { command, value, mayInstall });
      const execution = await this.#runner.start(caller, session, { program, options }).ended;
      return { success: execution.exitCode === 0, result: execution };
    }
    using _use = session.use();
    const limits = session.lowerLimits({});
    const context = { limits, signal: options.signal, texts: this.#texts };
    const act = () => session.attempt((environment) => command.run(environment, context));
    const result = await this.#runner.inEnvironment(session, act);
    return { success: command.succeeded(result), result };
  }

  files(caller: Caller, id: string): WorkspaceFiles {
    return new SessionFiles(this.#get(caller, id));
  }

  lockFile(caller: Caller, id: string, path: string): Promise<Disposable> {
    return Promise.try(() => this.#get(caller, id).fileQueue.acquire(path));
  }

  limits(caller: Caller, id: string): Limits {
    return this.#get(caller, id).lowerLimits({});
  }

  /**
   * Attaches what an earlier process left, and closes what is gone. What cannot be told now is asked again at each
   * look; `decided` is told each environment that is attached, or that nobody will attach any more.
   */
  async restore(decided: (environmentId: string) => void): Promise<void> {
    this.#leftover = new KeptSessions(this.#options.store.open(), { ...this.#options, decided });
    for (const session of this.#leftover.sessions) this.#open.set(session.id, session);
    await this.#decide();
  }

  /** Closes whatever these tenants have open; returns before that is done. */
  closeTenants(tenants: ReadonlySet<string>, reason: CloseReason): void {
    for (const session of this.#open.values()) {
      if (tenants.has(session.owner.principal.tenant) && session.state !== "closing") {
        this.#closeQuietly(session, reason);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reaping[Symbol.dispose]();
    await Promise.all([...this.#open.values()].map((session) => this.#close(session, "service_stopped")));
    await this.#decide(); // What is being attached meanwhile is removed.
  }

  /** A session whose environment was made is open, unless it is not wanted any more. */
  async #admit(
    session: Session,
    { lasting, signal }: { readonly lasting: SessionEnvironment; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { admission, store } = this.#options;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(lasting.environment);
    signal?.throwIfAborted();
    admission.checkOpen();
    session.open(lasting);
    const { principal } = session.owner;
    const { env: _env, metadata: _metadata, ...request } = session.request;
    store.insert({ principal, info: session.info, request, environmentId: lasting.environment.id });
    this.#observer.sessionOpened?.(session.owner, session.info);
    unwanted.move();
  }

  async #close(session: Session, reason: CloseReason): Promise<void> {
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

  /** A session that has been closed takes no place, also where something of its environment could not be removed. */
  #forget(session: Session): void {
    if (this.#open.delete(session.id) && session.isKnown) this.#tellClosed(session);
  }

  #closeQuietly(session: Session, reason: CloseReason): void {
    this.#close(session, reason).catch((error: unknown) =>
      log.error("a session cannot be closed", { session: session.id, error: messageOf(error) })
    );
  }

  async #decide(): Promise<void> {
    for (const session of await this.#leftover?.decide() ?? []) this.#forget(session);
  }

  #reap(): void {
    this.#decide().catch((error: unknown) =>
      log.error("what an earlier process left cannot be attached", { error: messageOf(error) })
    );
    for (const session of this.#open.values()) {
      const { expiry, state, lastActivityAt } = session;
      if (expiry !== undefined) this.#closeQuietly(session, expiry);
      else if ((state === "active" || state === "idle") && this.#kept.get(session) !== lastActivityAt) {
        this.#keep(session);
      }
    }
  }

  #tellClosed(session: Session): void {
    this.#keep(session);
    this.#observer.sessionClosed?.(session.owner, session.info);
  }

  /** What cannot be written down is told in the log; the session itself goes on. */
  #keep(session: Session): void {
    this.#kept.set(session, session.lastActivityAt);
    try {
      this.#options.store.update(session.info);
    } catch (error) {
      log.error("a session cannot be recorded", { session: session.id, error: messageOf(error) });
    }
  }

  /** @throws {CodeBeakerError} `busy` */
  #checkRoom({ principal: { tenant, name, quota } }: Caller): void {
    const { admission, maxSessions } = this.#options;
    admission.checkOpen();
    if (this.#open.size >= maxSessions) throw noSession(`${maxSessions} are open already`);
    const own = [...this.#open.values()].filter(({ owner }) => owner.principal.tenant === tenant).length;
    if (own >= (quota.maxSessions ?? Infinity)) {
      throw noSession(`the key "${name}" may have ${quota.maxSessions} open (its quota maxSessions)`);
    }
  }

  /**
   * What was submitted under the same key before, also where its session or its context is over.
   *
   * @param request what the fingerprint of its program is made of
   */
  #findRepeated(caller: Caller, request: object, options: SubmitOptions): Submitted | undefined {
    const { idempotencyKey } = options;
    if (idempotencyKey === undefined) return undefined;
    const fingerprint = () => fingerprintOf(request);
    return this.#options.executions.findRepeated({ caller, fingerprint }, idempotencyKey, options);
  }

  #find({ principal }: Caller, id: string): Session | undefined {
    const session = this.#open.get(id);
    return session?.owner.principal.tenant === principal.tenant ? session : undefined;
  }

  /** @throws {CodeBeakerError} `not_found`; `conflict` for one that is not open yet, or is over */
  #get(caller: Caller, id: string): Session {
    const session = this.#find(caller, id);
    if (session === undefined) {
      this.#findKept(caller, id);
      throw new CodeBeakerError("conflict", `Cannot use the session ${id} as it is closed`);
    }
    session.checkOpen();
    return session;
  }

  /** @throws {CodeBeakerError} `not_found` */
  #findKept({ principal }: Caller, id: string): SessionInfo {
    const kept = this.#options.store.find(principal.tenant, id);
    if (kept !== undefined) return kept;
    throw new CodeBeakerError("not_found", `Cannot find the session ${JSON.stringify(id.slice(0, 64))}`);
  }
}

function noSession(why: string): CodeBeakerError {
  return new CodeBeakerError("busy", `Cannot make a session now as ${why}`, { details: { retryAfterMs: 1_000 } });
}

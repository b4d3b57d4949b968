import { hasCode, messageOf } from "../core/errors.ts";
import type { Dispatcher } from "../engine/dispatcher.ts";
import { log } from "../log.ts";
import type { StoredSession } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { Session } from "./session.ts";

/** The settings for recovering sessions of an earlier process. */
export interface RecoveredSessionsOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Receives each environment that is reattached, or that no session will reattach. */
  onDecided(environmentId: string): void;
}

/** The sessions of an earlier process that are neither reattached nor closed yet. */
export class RecoveredSessions {
  readonly #undecided: Set<RecoveredSession>;
  readonly #onDecided: RecoveredSessionsOptions["onDecided"];
  #deciding: Promise<Session[]> | undefined;

  constructor(stored: readonly StoredSession[], options: RecoveredSessionsOptions) {
    this.#undecided = new Set(stored.map((one) => new RecoveredSession(one, options)));
    this.#onDecided = options.onDecided;
  }

  get sessions(): Session[] {
    return [...this.#undecided].map(({ session }) => session);
  }

  /** Reattaches sessions, and returns those that turned out to be closed. Concurrent calls share one run. */
  decide(): Promise<Session[]> {
    return this.#deciding ??= this.#decide().finally(() => this.#deciding = undefined);
  }

  async #decide(): Promise<Session[]> {
    const undecided = [...this.#undecided];
    const isDecided = await Promise.all(undecided.map((recovered) => recovered.decide()));
    const decided = undecided.filter((_, index) => isDecided[index]);
    for (const recovered of decided) {
      this.#undecided.delete(recovered);
      this.#onDecided(recovered.environmentId);
    }
    return decided.map(({ session }) => session).filter(({ state }) => state === "closed");
  }
}

/**
 * A session of an earlier process. It is `creating` until its runtime knows whether its environment still exists, then
 * open or closed. Only the environment knows the session's variables, since they are never stored.
 */
class RecoveredSession {
  readonly session: Session;
  readonly environmentId: string;
  readonly #dispatcher: Dispatcher;

  constructor(
    { principal, info, request, environmentId }: StoredSession,
    { dispatcher, clock }: Pick<RecoveredSessionsOptions, "dispatcher" | "clock">,
  ) {
    this.environmentId = environmentId;
    this.#dispatcher = dispatcher;
    const { idleTimeoutMs, maxLifetimeMs, metadata } = info; // The owner may have changed them.
    this.session = new Session({
      owner: { principal },
      request: { ...request, env: {}, idleTimeoutMs, maxLifetimeMs, metadata },
      selection: info.selection,
      clock,
      limitPolicy: dispatcher.limitPolicy,
      recovered: info,
    });
  }

  /** Opens or closes the session; false when its runtime does not answer now. */
  async decide(): Promise<boolean> {
    const { session } = this;
    try {
      if (session.expiry === undefined && session.state === "creating") await this.#reattach();
    } catch (error) {
      if (hasCode(error, "runtime_unavailable")) return false;
      log.warning("session.reattach_failed", { session: session.id, error: messageOf(error) });
    }
    if (session.state === "creating") await session.close(session.expiry ?? "service_lost", () => Promise.resolve());
    return true;
  }

  async #reattach(): Promise<void> {
    const { session, environmentId } = this;
    const { runtime, selection: { floor } } = session.info;
    const reattached = await this.#dispatcher.reattach({ runtime, environmentId, floor }, session.request);
    if (reattached === undefined) return;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(reattached.environment);
    session.open(reattached);
    unwanted.move();
  }
}

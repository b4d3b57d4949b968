import { hasCode, messageOf } from "../core/errors.ts";
import type { Dispatcher } from "../engine/dispatcher.ts";
import { log } from "../log.ts";
import type { StoredSession } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { Session } from "./session.ts";

/** What is known of the sessions of an earlier process. */
export interface KeptSessionsOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Is told each environment that is attached, or that nobody will attach any more. */
  decided(environmentId: string): void;
}

/** Those of which it is not known yet whether they go on. */
export class KeptSessions {
  readonly #undecided: Set<KeptSession>;
  readonly #decided: KeptSessionsOptions["decided"];
  #deciding: Promise<Session[]> | undefined;

  constructor(stored: readonly StoredSession[], options: KeptSessionsOptions) {
    this.#undecided = new Set(stored.map((one) => new KeptSession(one, options)));
    this.#decided = options.decided;
  }

  get sessions(): Session[] {
    return [...this.#undecided].map(({ session }) => session);
  }

  /** Asks of each whether it goes on; gives those that turn out to be over. Whoever asks meanwhile waits for the same. */
  decide(): Promise<Session[]> {
    return this.#deciding ??= this.#decide().finally(() => this.#deciding = undefined);
  }

  async #decide(): Promise<Session[]> {
    const asked = [...this.#undecided];
    const answers = await Promise.all(asked.map((kept) => kept.attach()));
    const known = asked.filter((_, at) => answers[at]);
    for (const kept of known) {
      this.#undecided.delete(kept);
      this.#decided(kept.environmentId);
    }
    return known.map(({ session }) => session).filter(({ state }) => state === "closed");
  }
}

/**
 * A session that an earlier process kept: `creating` until its runtime tells whether its environment is there still, then open or
 * closed. Its variables are known to its environment alone, since they are never stored.
 */
class KeptSession {
  readonly session: Session;
  readonly environmentId: string;
  readonly #dispatcher: Dispatcher;

  constructor(
    { principal, info, request, environmentId }: StoredSession,
    { dispatcher, clock }: { readonly dispatcher: Dispatcher; readonly clock: Clock },
  ) {
    this.environmentId = environmentId;
    this.#dispatcher = dispatcher;
    this.session = new Session({
      owner: { principal },
      request: { ...request, env: {}, metadata: info.metadata },
      selection: info.selection,
      clock,
      kept: info,
    });
  }

  /** Opens it or closes it; false when that cannot be told now, as its runtime does not answer. */
  async attach(): Promise<boolean> {
    const { session } = this;
    try {
      if (session.expiry === undefined && session.state === "creating") await this.#open();
    } catch (error) {
      if (hasCode(error, "runtime_unavailable")) return false;
      log.warning("a session cannot be attached again", { session: session.id, error: messageOf(error) });
    }
    if (session.state === "creating") await session.close(session.expiry ?? "service_lost", () => Promise.resolve());
    return true;
  }

  async #open(): Promise<void> {
    const { session, environmentId } = this;
    const { runtime, selection: { floor } } = session.info;
    const left = await this.#dispatcher.reattach({ runtime, environmentId, floor }, session.request);
    if (left === undefined) return;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(left.environment);
    session.open(left);
    unwanted.move();
  }
}

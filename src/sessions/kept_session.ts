import { hasCode, messageOf } from "../core/errors.ts";
import type { Placement } from "../engine/placement.ts";
import { log } from "../log.ts";
import type { StoredSession } from "../storage/storage.ts";
import type { Clock } from "../system/clock.ts";
import { Session } from "./session.ts";

/**
 * A session that an earlier process kept: `creating` until its runtime tells whether its environment is there still, then open or
 * closed. Its variables are known to its environment alone, since they are never stored.
 */
export class KeptSession {
  readonly session: Session;
  readonly environmentId: string;
  readonly #placement: Placement;
  #attaching: Promise<boolean> | undefined;

  constructor(
    { principal, info, request, environmentId }: StoredSession,
    { placement, clock }: { readonly placement: Placement; readonly clock: Clock },
  ) {
    this.environmentId = environmentId;
    this.#placement = placement;
    this.session = new Session({
      owner: { principal },
      request: { ...request, env: {}, metadata: info.metadata },
      selection: info.selection,
      clock,
      kept: info,
    });
  }

  /** Opens it or closes it; false when that cannot be told now, as its runtime does not answer. One asks at a time. */
  attach(): Promise<boolean> {
    return this.#attaching ??= this.#attach().finally(() => this.#attaching = undefined);
  }

  async #attach(): Promise<boolean> {
    const { session } = this;
    try {
      if (session.expiry === undefined && session.state === "creating") await this.#open();
    } catch (error) {
      log.warning("a session cannot be attached again", { session: session.id, error: messageOf(error) });
      if (hasCode(error, "runtime_unavailable")) return false;
    }
    if (session.state === "creating") await session.close(session.expiry ?? "service_lost", () => Promise.resolve());
    return true;
  }

  async #open(): Promise<void> {
    const { session, environmentId } = this;
    const { runtime, selection: { floor } } = session.info;
    const left = await this.#placement.reattach({ runtime, environmentId, floor }, session.request);
    if (left === undefined) return;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(left.environment);
    session.open(left);
    unwanted.move();
  }
}

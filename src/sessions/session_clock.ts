import type { CloseReason, SessionInfo } from "../core/session.ts";
import type { SessionRequest } from "../core/requests/session_request.ts";
import type { Clock } from "../concurrency/clock.ts";

/** The settings of a session clock. */
export interface SessionClockOptions extends Pick<SessionRequest, "idleTimeoutMs" | "maxLifetimeMs"> {
  /** The times of a session that an earlier process made. */
  readonly recovered?: Pick<SessionInfo, "createdAt" | "lastActivityAt"> | undefined;
}

/**
 * The age and the last activity of a session. Expiry is measured in elapsed time, so that setting the machine's clock
 * neither closes a session nor keeps it open.
 */
export class SessionClock {
  readonly #clock: Clock;
  #idleTimeoutMs: number;
  #maxLifetimeMs: number;
  readonly #createdAt: number;
  readonly #createdElapsed: number;
  #lastActivityAt: number;
  #lastActivityElapsed: number;

  constructor(clock: Clock, { idleTimeoutMs, maxLifetimeMs, recovered }: SessionClockOptions) {
    this.#clock = clock;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#maxLifetimeMs = maxLifetimeMs;
    this.#createdAt = recovered === undefined ? clock.now() : Date.parse(recovered.createdAt);
    this.#lastActivityAt = recovered === undefined ? clock.now() : Date.parse(recovered.lastActivityAt);
    const toElapsed = (at: number) => clock.elapsed() - Math.max(0, clock.now() - at);
    this.#createdElapsed = toElapsed(this.#createdAt);
    this.#lastActivityElapsed = toElapsed(this.#lastActivityAt);
  }

  /** The last activity, in ms since 1970. */
  get lastActivityAt(): number {
    return this.#lastActivityAt;
  }

  /** The times that the session's owner sees. */
  get times(): Pick<SessionInfo, "createdAt" | "lastActivityAt" | "expiresAt"> {
    const expiresAt = Math.min(this.#lastActivityAt + this.#idleTimeoutMs, this.#createdAt + this.#maxLifetimeMs);
    return {
      createdAt: new Date(this.#createdAt).toISOString(),
      lastActivityAt: new Date(this.#lastActivityAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }

  /** Replaces the longest time without activity, and the longest life. */
  setTimeouts({ idleTimeoutMs, maxLifetimeMs }: Pick<SessionRequest, "idleTimeoutMs" | "maxLifetimeMs">): void {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#maxLifetimeMs = maxLifetimeMs;
  }

  /** Records activity now. */
  touch(): void {
    this.#lastActivityAt = this.#clock.now();
    this.#lastActivityElapsed = this.#clock.elapsed();
  }

  /** Why the session must be closed now; undefined when it may stay open. */
  expiry({ isIdle }: { readonly isIdle: boolean }): CloseReason | undefined {
    const now = this.#clock.elapsed();
    if (now - this.#createdElapsed >= this.#maxLifetimeMs) return "max_lifetime";
    return isIdle && now - this.#lastActivityElapsed >= this.#idleTimeoutMs ? "idle_timeout" : undefined;
  }
}

import { Sessions, type SessionsOptions } from "../../src/sessions/mod.ts";
import type { ExecutionRuntime } from "../../src/runtimes/port.ts";
import { type EngineParts, enginePartsOf } from "./engine_of.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeSessionStore } from "./fake_storage.ts";

/** Sessions over runtimes that a test makes, on a clock that the test moves. */
export function sessionsOf(
  runtimes: readonly ExecutionRuntime[],
  options: EngineParts & Partial<Pick<SessionsOptions, "maxSessions" | "allowInstall">> & {
    readonly sessionStore?: FakeSessionStore;
  } = {},
) {
  const { maxSessions = 10, allowInstall = true, sessionStore = new FakeSessionStore(), ...engine } = options;
  const parts = enginePartsOf(runtimes, engine);
  const clock = new FakeClock();
  const observer = engine.observer ?? {};
  const sessions = new Sessions({ ...parts, store: sessionStore, observer, clock, maxSessions, allowInstall });
  return { ...parts, sessions, sessionStore, clock };
}

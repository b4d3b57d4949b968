import { assertEquals, assertThrows } from "@std/assert";
import { Quotas } from "../../src/access/mod.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { LOCAL_USER } from "../../src/core/principal.ts";
import { parseSessionRequest } from "../../src/core/requests/session_request.ts";
import { AuditLog } from "../../src/audit/mod.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { draftOf, endOf } from "../storage/samples.ts";
import { CALLER } from "../support/engine_of.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { FakeSessionStore } from "../support/fake_storage.ts";
import { sessionsOf } from "../support/sessions_of.ts";
import { until } from "../support/until.ts";

// No process of these tests has a clock of its own that could be set: the clock is a port, and here it is set. That no deadline
// is measured by the time of day is kept by tests/architecture_test.ts.

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const JUMPS = [["on", HOUR_MS], ["back", -HOUR_MS]] as const;
const REQUEST = parseSessionRequest({
  language: "typescript",
  idleTimeoutMs: 30 * MINUTE_MS,
  maxLifetimeMs: 2 * HOUR_MS,
});

/** Lets time pass as it does: a look every minute. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += MINUTE_MS) clock.advance(Math.min(MINUTE_MS, ms - passed));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
}

async function openSessions(store = new FakeSessionStore()) {
  const runtime = fakeRuntime({ createEnvironment: () => FakeEnvironment.create() });
  const parts = sessionsOf([runtime], { sessionStore: store });
  const session = await parts.sessions.create(CALLER, REQUEST);
  const stateOf = () => {
    const { state, closedBecause } = parts.sessions.show(CALLER, session.id);
    return closedBecause ?? state;
  };
  return { ...parts, session, stateOf, [Symbol.asyncDispose]: () => parts.sessions[Symbol.asyncDispose]() };
}

for (const [where, jumpMs] of JUMPS) {
  Deno.test(`the clock is set an hour ${where}: a session goes on, and ends when its time has passed`, async () => {
    await using idle = await openSessions();
    await pass(idle.clock, 10 * MINUTE_MS);
    idle.clock.set(jumpMs);
    await pass(idle.clock, 19 * MINUTE_MS);
    assertEquals(idle.stateOf(), "idle");
    await pass(idle.clock, MINUTE_MS);
    await until(() => idle.stateOf() !== "closing", "the session is closed");
    assertEquals(idle.stateOf(), "idle_timeout");

    await using used = await openSessions();
    for (let use = 0; use < 11; use++) {
      used.clock.set(use === 5 ? jumpMs : 0);
      await pass(used.clock, 10 * MINUTE_MS);
      await used.sessions.files(CALLER, used.session.id).list(".").catch(() => {});
    }
    assertEquals(used.stateOf(), "idle");
    await pass(used.clock, 10 * MINUTE_MS);
    await until(() => used.stateOf() !== "closing", "the session is closed");
    assertEquals(used.stateOf(), "max_lifetime");
  });

  Deno.test(`the clock is set an hour ${where}: a rate is neither filled up nor starved`, () => {
    const clock = new FakeClock();
    using storage = openStorage(undefined);
    const quotas = new Quotas({ usage: storage.usage, clock });
    const principal = { ...LOCAL_USER, quota: { executionsPerMinute: 2 } };
    for (let start = 0; start < 2; start++) quotas.start(principal);
    clock.set(jumpMs);
    const refused = assertThrows(() => quotas.start(principal), CodeBeakerError, "2 programs a minute");
    assertEquals(refused.details.retryAfterMs, 30_000);
    clock.advance(30_000);
    quotas.start(principal);
    assertThrows(() => quotas.start(principal), CodeBeakerError);
    clock.set(-jumpMs);
    clock.advance(30_000);
    quotas.start(principal);
  });

  Deno.test(`the clock is set an hour ${where}: the budget of a day is that of the day that the clock shows`, () => {
    const clock = new FakeClock();
    clock.set(12 * HOUR_MS);
    using storage = openStorage(undefined);
    const quotas = new Quotas({ usage: storage.usage, clock });
    const principal = { ...LOCAL_USER, quota: { cpuSecondsPerDay: 1 } };
    quotas.charge(principal, 1_000);
    clock.set(jumpMs);
    assertThrows(() => quotas.start(principal), CodeBeakerError, "1 s of CPU a day");
    clock.advance(24 * HOUR_MS);
    quotas.start(principal);
  });

  Deno.test(`the clock is set an hour ${where}: what is kept goes no more than that hour too early or too late`, () => {
    const clock = new FakeClock();
    using storage = openStorage(undefined, { outputRetentionMs: 24 * HOUR_MS, now: () => clock.now() });
    const prune = () => storage.prune(new Date(clock.now()));
    storage.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
    storage.executions.end(endOf("exec_1"));
    clock.set(jumpMs);
    prune();
    clock.advance(22 * HOUR_MS);
    prune();
    assertEquals(storage.executions.find("one", "exec_1")?.status, "ended");
    clock.advance(3 * HOUR_MS + 1);
    prune();
    assertEquals(storage.executions.find("one", "exec_1"), undefined);
  });

  Deno.test(`the clock is set an hour ${where}: the audit log keeps the order in which things happened`, () => {
    const clock = new FakeClock();
    using storage = openStorage(undefined);
    const audit = new AuditLog(storage.audit, { now: () => clock.now() });
    const error = new CodeBeakerError("permission_denied", "no");
    for (const what of ["first", "second", "third"]) {
      audit.refused({ caller: CALLER, what, error });
      clock.set(jumpMs);
    }
    const lines = storage.audit.read({ limit: 9 });
    assertEquals(lines.map(({ number, facts }) => [number, facts["what"]]), [[1, "first"], [2, "second"], [
      3,
      "third",
    ]]);
  });

  Deno.test(`the clock is set an hour ${where} while the service is down: a kept session has no more than its time`, async () => {
    const store = new FakeSessionStore();
    const { session, sessionStore } = await openSessions(store);
    const restored = sessionsOf([
      { ...fakeRuntime(), reattachEnvironment: () => FakeEnvironment.create() },
    ], { sessionStore });
    await using sessions = restored.sessions;
    restored.clock.set(jumpMs);
    await sessions.recover(() => {});
    await pass(restored.clock, MINUTE_MS);
    const isClosing = () => sessions.show(CALLER, session.id).state === "closing";
    await until(() => !isClosing(), "the session is closed if its time is over");
    const { state, closedBecause } = sessions.show(CALLER, session.id);
    assertEquals(closedBecause ?? state, jumpMs > 0 ? "idle_timeout" : "idle");
    await pass(restored.clock, 30 * MINUTE_MS);
    await until(() => !isClosing(), "the session is closed");
    assertEquals(sessions.show(CALLER, session.id).closedBecause, "idle_timeout");
  });
}

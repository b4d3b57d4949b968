import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { parseSessionRequest } from "../../src/core/requests/session_request.ts";
import type { Observer } from "../../src/engine/mod.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { CALLER } from "../support/engine_of.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { FakeSessionStore } from "../support/fake_storage.ts";
import { gatedEnvironment, withParts } from "../support/gated_program.ts";
import { sessionsOf } from "../support/sessions_of.ts";
import { until } from "../support/until.ts";

const REQUEST = parseSessionRequest({ language: "typescript" });

Deno.test("Sessions attaches what an earlier process left, and closes what is gone", async () => {
  const sessionStore = new FakeSessionStore();
  const gates = [await gatedEnvironment(), await gatedEnvironment()];
  const [survivor, lost] = gates.map(({ environment }, at) =>
    withParts(environment, { id: `env_${at}`, [Symbol.asyncDispose]: () => Promise.resolve() })
  );
  assert(survivor !== undefined && lost !== undefined);
  const made = [survivor, lost];
  const before = fakeRuntime({ createEnvironment: () => Promise.resolve(made.shift() ?? lost) });
  const first = sessionsOf([before], { sessionStore });
  const { id } = await first.sessions.create(CALLER, REQUEST);
  const changes = { idleTimeoutMs: 5_000, maxLifetimeMs: 9_000_000, metadata: { by: 1 } };
  const kept = first.sessions.change(CALLER, id, changes);
  const gone = await first.sessions.create(CALLER, REQUEST);
  const after = {
    ...before,
    reattachEnvironment: (id: string) => Promise.resolve(id === "env_0" ? survivor : undefined),
  };
  const closings: string[] = [];
  const observer: Observer = { sessionClosed: (_, { id }) => closings.push(id) };
  const second = sessionsOf([after], { sessionStore, observer });
  {
    await using sessions = second.sessions;
    const decided: string[] = [];
    await sessions.recover((id) => decided.push(id));
    assertEquals(decided.toSorted(), ["env_0", "env_1"]);
    assertEquals(sessions.show(CALLER, kept.id), kept);
    assertEquals([sessions.show(CALLER, gone.id).closedBecause, closings], ["service_lost", [gone.id]]);
    const listed = await sessions.command(CALLER, kept.id, { type: "list_directory" });
    assertEquals(listed.success, true);
  }
  await first.sessions[Symbol.asyncDispose]();
  for (const { environment } of gates) await environment[Symbol.asyncDispose]();
});

Deno.test("Sessions attaches nothing that is less isolated than the server's floor is now", async () => {
  const sessionStore = new FakeSessionStore();
  const { environment } = await gatedEnvironment();
  const removed: string[] = [];
  const survivor = withParts(environment, {
    [Symbol.asyncDispose]: () => Promise.resolve(void removed.push("survivor")),
  });
  const runtime = {
    ...fakeRuntime({ createEnvironment: () => Promise.resolve(environment) }),
    reattachEnvironment: () => Promise.resolve(survivor),
  };
  const first = sessionsOf([runtime], { sessionStore });
  const { id } = await first.sessions.create(CALLER, REQUEST);
  const selector = new RuntimeSelector([runtime], { minIsolation: 8 });
  await using sessions = sessionsOf([runtime], { sessionStore, selector }).sessions;
  await sessions.recover(() => {});
  assertEquals([sessions.show(CALLER, id).closedBecause, removed], ["service_lost", ["survivor"]]);
  await first.sessions[Symbol.asyncDispose]();
});

Deno.test("Sessions asks again for what cannot be attached now, and gives up what its owner closes meanwhile", async () => {
  const sessionStore = new FakeSessionStore();
  const { environment } = await gatedEnvironment();
  const survivor = withParts(environment, { [Symbol.asyncDispose]: () => Promise.resolve() });
  const before = fakeRuntime({ createEnvironment: () => Promise.resolve(survivor) });
  const first = sessionsOf([before], { sessionStore });
  const kept = await first.sessions.create(CALLER, REQUEST);
  const closed = await first.sessions.create(CALLER, REQUEST);
  let answers = false;
  const after = {
    ...before,
    reattachEnvironment: () =>
      answers
        ? Promise.resolve(survivor)
        : Promise.reject(new CodeBeakerError("runtime_unavailable", "The Engine does not answer")),
  };
  const closings: string[] = [];
  const observer: Observer = { sessionClosed: (_, { id }) => closings.push(id) };
  const second = sessionsOf([after], { sessionStore, observer });
  {
    await using sessions = second.sessions;
    let decided = 0;
    await sessions.recover(() => decided++);
    assertEquals([sessions.show(CALLER, kept.id).state, decided, sessions.count], ["creating", 0, 2]);
    const early = () => sessions.command(CALLER, kept.id, { type: "list_directory" });
    assertEquals((await assertRejects(early, CodeBeakerError)).code, "conflict");
    await sessions.close(CALLER, closed.id);
    second.clock.advance(1_000);
    await until(() => decided === 1, "the closed one is given up");
    assertEquals([sessions.show(CALLER, closed.id).closedBecause, closings], ["closed_by_owner", [closed.id]]);
    answers = true;
    second.clock.advance(1_000);
    await until(() => decided === 2, "the other is attached");
    assertEquals([sessions.show(CALLER, kept.id).state, closings], ["idle", [closed.id]]);
  }
  await first.sessions[Symbol.asyncDispose]();
  await environment[Symbol.asyncDispose]();
});

Deno.test("Sessions closes what could not be attached when its lifetime is over", async () => {
  const sessionStore = new FakeSessionStore();
  const { environment } = await gatedEnvironment();
  const runtime = {
    ...fakeRuntime({ createEnvironment: () => Promise.resolve(environment) }),
    reattachEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "The Engine does not answer")),
  };
  const first = sessionsOf([runtime], { sessionStore });
  const { id } = await first.sessions.create(CALLER, REQUEST);
  const closings: string[] = [];
  const second = sessionsOf([runtime], { sessionStore, observer: { sessionClosed: (_, { id }) => closings.push(id) } });
  let decided = 0;
  await second.sessions.recover(() => decided++);
  second.clock.advance(REQUEST.maxLifetimeMs);
  await until(() => decided === 1, "it is given up");
  assertEquals([second.sessions.show(CALLER, id).closedBecause, closings], ["max_lifetime", [id]]);
  await second.sessions[Symbol.asyncDispose]();
  await first.sessions[Symbol.asyncDispose]();
});

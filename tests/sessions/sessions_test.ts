import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import type { Execution } from "../../src/core/execution.ts";
import { parseSessionExecution, parseSessionRequest } from "../../src/core/requests/session_request.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { CALLER, callerOf } from "../support/engine_of.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { FakeSessionStore } from "../support/fake_storage.ts";
import { type GatedEnvironment, gatedEnvironment, withParts } from "../support/gated_program.ts";
import { sessionsOf } from "../support/sessions_of.ts";

const REQUEST = parseSessionRequest({ language: "typescript" });
const PROGRAM = parseSessionExecution({ code: "1" });

type Parts = ReturnType<typeof sessionsOf>;

interface Held extends Parts {
  readonly gate: GatedEnvironment;
  readonly session: SessionInfo;
}

/** One open session whose programs a test ends. */
async function withSession(
  test: (held: Held) => Promise<void>,
  options: Parameters<typeof sessionsOf>[1] & { readonly request?: unknown } = {},
): Promise<void> {
  const gate = await gatedEnvironment();
  const parts = sessionsOf([fakeRuntime({ createEnvironment: () => Promise.resolve(gate.environment) })], options);
  await using _executions = parts.executions;
  await using _sessions = parts.sessions;
  const request = options.request === undefined ? REQUEST : parseSessionRequest(options.request);
  await test({ ...parts, gate, session: await parts.sessions.create(CALLER, request) });
}

/** Waits for everything that can happen at once. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function refusal(act: () => unknown): Promise<ErrorCode> {
  return (await assertRejects(async () => await act(), CodeBeakerError)).code;
}

Deno.test("Sessions reports a session that cannot be created to those who wait for its end", async () => {
  const made = Promise.withResolvers<never>();
  const { sessions } = sessionsOf([fakeRuntime({ createEnvironment: () => made.promise })]);
  await using _sessions = sessions;
  const created = assertRejects(() => sessions.create(CALLER, REQUEST), Error);
  await nextTurn();
  const [session] = sessions.list(CALLER, { limit: 1 }).sessions;
  const closing = sessions.closing(CALLER, session?.id ?? "");
  assertEquals([session?.state, closing.aborted], ["creating", false]);
  made.reject(new Error("no"));
  await created;
  assertEquals(closing.aborted, true);
});

Deno.test("Sessions makes a session of the runtime that the selector chose, and shows it", () =>
  withSession(({ sessions, session, clock }) => {
    const createdAt = new Date(clock.now()).toISOString();
    const { selection, ...shown } = session;
    assertEquals(selection.chosen, "fake");
    assertEquals(shown, {
      id: session.id,
      language: "typescript",
      runtime: "fake",
      state: "idle",
      createdAt,
      lastActivityAt: createdAt,
      expiresAt: new Date(clock.now() + 1_800_000).toISOString(),
      executionCount: 0,
      idleTimeoutMs: 1_800_000,
      maxLifetimeMs: 7_200_000,
      metadata: { for: "me" },
    });
    assertEquals(sessions.show(CALLER, session.id), session);
    return Promise.resolve();
  }, { request: { language: "typescript", metadata: { for: "me" } } }));

Deno.test("Sessions installs no packages for a key whose ceiling does not leave the whole network", () =>
  withSession(async ({ sessions, session, gate }) => {
    for (const allowNet of [false, [], ["a.example"]]) {
      const caller = { principal: { ...CALLER.principal, ceiling: { allowNet } } };
      const command = { type: "install_packages", packages: ["left-pad"] };
      assertEquals(await refusal(() => sessions.command(caller, session.id, command)), "permission_denied");
    }
    assertEquals(gate.environment.runs, []);
  }));

Deno.test("Sessions falls back when an environment cannot be made, and leaves nothing where none can", async () => {
  const gate = await gatedEnvironment();
  const broken = fakeRuntime({
    name: "broken",
    startupTimeMs: 1,
    createEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke")),
  });
  const good = fakeRuntime({ name: "good", createEnvironment: () => Promise.resolve(gate.environment) });
  await using both = sessionsOf([broken, good]).sessions;
  assertEquals((await both.create(CALLER, REQUEST)).runtime, "good");
  const alone = sessionsOf([broken]);
  await using sessions = alone.sessions;
  assertEquals(await refusal(() => sessions.create(CALLER, REQUEST)), "runtime_unavailable");
  assertEquals([sessions.count, alone.sessionStore.kept.size], [0, 0]);
});

Deno.test("Sessions keeps files between executions and counts them", () =>
  withSession(async ({ sessions, session, gate }) => {
    const request = parseSessionExecution({ code: "1", files: [{ path: "data/a.csv", content: "a,b" }] });
    const { ended } = await sessions.submit(CALLER, session.id, request);
    await gate.untilBegun(1);
    assertEquals(sessions.show(CALLER, session.id).state, "active");
    gate.endOne();
    const execution = await ended;
    assertEquals([execution.sessionId, execution.stdout, execution.runtime], [session.id, "begun", "fake"]);
    const read = await sessions.command(CALLER, session.id, { type: "read_file", path: "data/a.csv" });
    assertEquals(read, { success: true, result: { path: "data/a.csv", content: "a,b", encoding: "utf8", bytes: 3 } });
    const { state, executionCount } = sessions.show(CALLER, session.id);
    assertEquals([state, executionCount], ["idle", 1]);
  }));

Deno.test("Sessions runs a file that lies in the workspace already, and refuses one that does not", () =>
  withSession(async ({ sessions, session, gate }) => {
    await gate.environment.fill({ "src/app.ts": "1" });
    const run = (entrypoint: string) =>
      sessions.submit(CALLER, session.id, parseSessionExecution({ entrypoint, args: ["x"] }));
    const { ended } = await run("src/app.ts");
    await gate.untilBegun(1);
    gate.endOne();
    assertEquals((await ended).exitCode, 0);
    assertEquals(gate.environment.runs[0]?.program, { kind: "file", path: "src/app.ts", args: ["x"] });
    for (const path of ["src/none.ts", "src"]) {
      const { ended } = await run(path);
      const error = await assertRejects(() => ended, CodeBeakerError);
      assertEquals([error.code, error.details.errors?.[0]?.path], ["invalid_request", "entrypoint"]);
    }
  }));

Deno.test("Sessions runs one program at a time, the others in order, and shows the session meanwhile", () =>
  withSession(async ({ sessions, session, gate }) => {
    const order: string[] = [];
    const submit = async (name: string) => {
      const code = parseSessionExecution({ code: name });
      const { ended } = await sessions.submit(CALLER, session.id, code, { onStart: () => order.push(name) });
      return ended;
    };
    const all = ["a", "b", "c"].map(submit);
    for (let begun = 1; begun <= 3; begun++) {
      await gate.untilBegun(begun);
      const files = await sessions.command(CALLER, session.id, { type: "list_directory" });
      assertEquals([files.success, sessions.show(CALLER, session.id).state, gate.begun()], [true, "active", begun]);
      gate.endOne();
    }
    await Promise.all(all);
    assertEquals(order, ["a", "b", "c"]);
  }, { maxConcurrent: 9 }));

Deno.test("Sessions cancels a program that waits for its turn, and the next one gets it", () =>
  withSession(async ({ sessions, session, gate, executions }) => {
    const submit = () => sessions.submit(CALLER, session.id, PROGRAM);
    const [first, second, third] = [await submit(), await submit(), await submit()];
    await gate.untilBegun(1);
    assertEquals(executions.queuedCount, 2);
    executions.cancel(CALLER, second.id);
    assertEquals([(await second.ended).outcome, executions.queuedCount], [{ kind: "cancelled" }, 1]);
    gate.endOne();
    await first.ended;
    await gate.untilBegun(2);
    gate.endOne();
    assertEquals((await third.ended).exitCode, 0);
  }));

Deno.test("Sessions lets a bounded number of programs wait", () =>
  withSession(async ({ sessions, session, gate }) => {
    const waiting = [];
    for (let count = 0; count <= 100; count++) waiting.push(await sessions.submit(CALLER, session.id, PROGRAM));
    await gate.untilBegun(1);
    assertEquals(await refusal(() => sessions.submit(CALLER, session.id, PROGRAM)), "busy");
    await sessions.close(CALLER, session.id);
    const kinds = await Promise.all(waiting.map(async ({ ended }) => (await ended).outcome.kind));
    assertEquals([kinds.length, new Set(kinds)], [101, new Set(["interrupted"])]);
  }));

Deno.test("Sessions answers a command that runs a program with its execution, a success only when it exited with 0", () =>
  withSession(async ({ sessions, session, gate }) => {
    for (const exitCode of [0, 3]) {
      const answering = sessions.command(CALLER, session.id, { type: "execute_code", code: "1" });
      await gate.untilBegun(exitCode === 0 ? 1 : 2);
      gate.endOne({ kind: "exited", exitCode });
      const { success, result } = await answering;
      const execution = result as Execution;
      assertEquals([success, execution.exitCode, execution.sessionId, execution.language], [
        exitCode === 0,
        exitCode,
        session.id,
        "typescript",
      ]);
    }
  }));

Deno.test("Sessions lets a program ask for time and only lower the other limits", () =>
  withSession(async ({ sessions, session, gate }) => {
    const run = async (fields: Record<string, unknown>) => {
      const { ended } = await sessions.submit(CALLER, session.id, parseSessionExecution({ code: "1", ...fields }));
      await gate.untilBegun(1);
      gate.endOne();
      await ended;
      return gate.environment.runs.at(-1)?.options.limits;
    };
    const given = await run({ timeoutMs: 60_000, limits: { memoryMb: 64 } });
    assertEquals([given?.timeoutMs, given?.memoryMb], [60_000, 64]);
    const command = sessions.command(CALLER, session.id, { type: "execute_code", code: "1", timeoutMs: 70_000 });
    await gate.untilBegun(2);
    gate.endOne();
    await command;
    assertEquals(gate.environment.runs.at(-1)?.options.limits.timeoutMs, 70_000);
    assertEquals(await refusal(() => run({ limits: { memoryMb: 129 } })), "invalid_request");
  }, { request: { language: "typescript", limits: { memoryMb: 128 } } }));

Deno.test("Sessions returns the files that a program's request asks for, also when it was cancelled", () =>
  withSession(async ({ sessions, session, gate }) => {
    for (const isCancelled of [false, true]) {
      const cancelling = new AbortController();
      const request = parseSessionExecution({
        code: "1",
        files: [{ path: "a.txt", content: "a" }],
        outputs: ["*.txt"],
      });
      const { ended } = await sessions.submit(CALLER, session.id, request, { signal: cancelling.signal });
      await gate.untilBegun(gate.begun() + 1);
      if (isCancelled) cancelling.abort();
      else gate.endOne();
      const { outcome, outputFiles } = await ended;
      assertEquals(outcome.kind, isCancelled ? "cancelled" : "exited");
      assertEquals(outputFiles, [{ path: "a.txt", content: "a", encoding: "utf8", bytes: 1 }]);
    }
  }));

Deno.test("Sessions explains the choice of its runtime with each program that asks for it", () =>
  withSession(async ({ sessions, session, gate }) => {
    const submit = async (explain: boolean) =>
      await (await sessions.submit(CALLER, session.id, parseSessionExecution({ code: "1", explain }))).ended;
    const command = async (explain: boolean) =>
      (await sessions.command(CALLER, session.id, { type: "execute_code", code: "1", explain })).result as Execution;
    for (const explain of [false, true]) {
      for (const run of [submit, command]) {
        const running = run(explain);
        await gate.untilBegun(gate.begun() + 1);
        gate.endOne();
        const { attempts, selection, status } = await running;
        assertEquals([status, selection, attempts], [
          "ended",
          ...explain ? [session.selection, []] : [undefined, undefined],
        ]);
      }
    }
  }));

Deno.test("Sessions keeps tenants apart: another's session is not_found for everything", () =>
  withSession(async ({ sessions, session }) => {
    const other = callerOf("other");
    const { id } = session;
    for (
      const act of [
        () => sessions.show(other, id),
        () => sessions.close(other, id),
        () => sessions.submit(other, id, PROGRAM),
        () => sessions.command(other, id, { type: "list_directory" }),
        () => sessions.files(other, id),
        () => sessions.limits(other, id),
        () => sessions.show(CALLER, "sess_unknown"),
      ]
    ) {
      assertEquals([act.toString(), await refusal(act)], [act.toString(), "not_found"]);
    }
    assertEquals(sessions.list(other, { limit: 10 }).sessions, []);
    await sessions.close(CALLER, id);
    assertEquals(await refusal(() => sessions.show(other, id)), "not_found");
    assertEquals(sessions.list(other, { limit: 10, state: "closed" }).sessions, []);
  }));

Deno.test("Sessions ends everything of a session that is closed, once, and then takes nothing for it", () =>
  withSession(async ({ sessions, session, gate, sessionStore }) => {
    const { ended } = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    const signal = sessions.closing(CALLER, session.id);
    assertEquals([signal.aborted, sessions.closing(callerOf("other"), session.id).aborted], [false, true]);
    const closing = [sessions.close(CALLER, session.id), sessions.close(CALLER, session.id)];
    assertEquals(signal.aborted, true);
    assertEquals(sessions.show(CALLER, session.id).state, "closing");
    assertEquals(await refusal(() => sessions.submit(CALLER, session.id, PROGRAM)), "conflict");
    await Promise.all(closing);
    assertEquals((await ended).outcome, { kind: "interrupted", reason: "the session ends: closed_by_owner" });
    await assertRejects(() => Deno.stat(gate.environment.hostPath(".")), Deno.errors.NotFound);
    const shown = sessions.show(CALLER, session.id);
    assertEquals([shown.state, shown.closedBecause, sessions.count], ["closed", "closed_by_owner", 0]);
    assertEquals(sessionStore.find("local", session.id), shown);
    assertEquals(await refusal(() => sessions.submit(CALLER, session.id, PROGRAM)), "conflict");
    assertEquals(await refusal(() => sessions.command(CALLER, session.id, { type: "list_directory" })), "conflict");
    await sessions.close(CALLER, session.id);
    assertEquals(sessions.list(CALLER, { limit: 10, state: "closed" }).sessions, [shown]);
  }));

Deno.test("Sessions says that a session is over to what its end cut short", async () => {
  const { environment } = await gatedEnvironment();
  const cut = Promise.withResolvers<never>();
  const files = Object.assign(Object.create(environment.files), { stat: () => cut.promise, list: () => cut.promise });
  const { sessions: made } = sessionsOf([
    fakeRuntime({ createEnvironment: () => Promise.resolve(withParts(environment, { files })) }),
  ]);
  await using sessions = made;
  const { id } = await sessions.create(CALLER, REQUEST);
  const asked = [
    () => sessions.command(CALLER, id, { type: "list_directory" }),
    () => sessions.files(CALLER, id).stat("file"),
  ].map((ask) => assertRejects(ask, CodeBeakerError, "as it is clos"));
  const closed = sessions.close(CALLER, id);
  cut.reject(new CodeBeakerError("runtime_unavailable", "The container is gone"));
  assertEquals((await Promise.all(asked)).map(({ code }) => code), ["conflict", "conflict"]);
  await closed;
});

Deno.test("Sessions keeps no place for a session whose environment cannot be removed, and says so once", async () => {
  const { environment } = await gatedEnvironment();
  await using _environment = environment;
  const stuck = withParts(environment, { [Symbol.asyncDispose]: () => Promise.reject(new Error("not empty")) });
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(stuck) });
  const { sessions: made, sessionStore } = sessionsOf([runtime]);
  await using sessions = made;
  const { id } = await sessions.create(CALLER, REQUEST);
  await assertRejects(() => sessions.close(CALLER, id), Error, "not empty");
  assertEquals([sessions.count, sessionStore.find("local", id)?.state], [0, "closed"]);
  await sessions.close(CALLER, id);
});

Deno.test("Sessions ends with the service only when all are closed, though one environment cannot be removed", async () => {
  const { environment } = await gatedEnvironment();
  await using _environment = environment;
  const removal = Promise.withResolvers<void>();
  const removals = [Promise.reject(new Error("not empty")), removal.promise];
  removals[0]?.catch(() => {});
  const runtime = fakeRuntime({
    createEnvironment: () =>
      Promise.resolve(withParts(environment, { [Symbol.asyncDispose]: () => removals.shift() ?? removal.promise })),
  });
  const { sessions, sessionStore } = sessionsOf([runtime]);
  const ids = [(await sessions.create(CALLER, REQUEST)).id, (await sessions.create(CALLER, REQUEST)).id];
  let [isOver, failure] = [false, undefined as unknown];
  const ending = sessions[Symbol.asyncDispose]().catch((error) => failure = error).finally(() => isOver = true);
  while (sessionStore.find("local", ids[0] ?? "")?.state !== "closed") await nextTurn();
  await nextTurn();
  assertEquals(isOver, false);
  removal.resolve();
  await ending;
  assertEquals(ids.map((id) => sessionStore.find("local", id)?.closedBecause), ["service_stopped", "service_stopped"]);
  assertStringIncludes(String(failure), "not empty");
});

Deno.test("Sessions closes what nothing happens in, and not what is used", () =>
  withSession(async ({ sessions, session, gate, clock }) => {
    clock.advance(1_799_000);
    await sessions.command(CALLER, session.id, { type: "list_directory" });
    clock.advance(1_799_000);
    await sessions.files(CALLER, session.id).write("a.txt", new Uint8Array(10));
    clock.advance(1_799_000);
    const reader = (await sessions.files(CALLER, session.id).read("a.txt")).getReader();
    clock.advance(1_800_000);
    assertEquals([sessions.show(CALLER, session.id).state, (await reader.read()).value?.length], ["active", 10]);
    assertEquals((await reader.read()).done, true);
    const givenUp = await sessions.files(CALLER, session.id).pack();
    await givenUp.cancel();
    assertEquals(sessions.show(CALLER, session.id).state, "idle");
    clock.advance(1_799_000);
    const { ended } = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    clock.advance(1_800_000);
    assertEquals(sessions.show(CALLER, session.id).state, "active");
    gate.endOne();
    await ended;
    clock.advance(1_799_999);
    assertEquals(sessions.show(CALLER, session.id).state, "idle");
    clock.advance(1);
    await sessions.close(CALLER, session.id);
    assertEquals(sessions.show(CALLER, session.id).closedBecause, "idle_timeout");
  }, { request: { language: "typescript", maxLifetimeMs: 100_000_000 } }));

Deno.test("Sessions closes what has reached its lifetime, also while a program runs", () =>
  withSession(async ({ sessions, session, gate, clock }) => {
    const { ended } = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    clock.advance(7_199_999);
    assertEquals(sessions.show(CALLER, session.id).state, "active");
    clock.advance(1);
    assertEquals((await ended).outcome, { kind: "interrupted", reason: "the session ends: max_lifetime" });
    await sessions.close(CALLER, session.id);
    assertEquals(sessions.show(CALLER, session.id).closedBecause, "max_lifetime");
  }));

Deno.test("Sessions.change() extends and shortens a session's life, replaces its metadata, and records both", () =>
  withSession(async ({ sessions, session: { id }, sessionStore, clock }) => {
    const later = (ms: number) => new Date(clock.now() + ms).toISOString();
    clock.advance(1_799_000);
    const extended = sessions.change(CALLER, id, { idleTimeoutMs: 10_000_000, maxLifetimeMs: 20_000_000 });
    assertEquals([extended.expiresAt, extended.lastActivityAt, extended.metadata], [
      later(10_000_000),
      later(0),
      { for: "me" },
    ]);
    assertEquals(sessions.change(CALLER, id, { metadata: { by: 1 } }).metadata, { by: 1 });
    const { idleTimeoutMs, maxLifetimeMs, metadata } = sessionStore.find("local", id) ?? {};
    assertEquals([idleTimeoutMs, maxLifetimeMs, metadata], [10_000_000, 20_000_000, { by: 1 }]);
    clock.advance(9_999_999);
    assertEquals(sessions.show(CALLER, id).state, "idle");
    sessions.change(CALLER, id, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);
    assertEquals(sessions.show(CALLER, id).state, "closing");
    assertEquals(await refusal(() => sessions.change(CALLER, id, { idleTimeoutMs: 10_000 })), "conflict");
    await sessions.close(CALLER, id);
    assertEquals(sessions.show(CALLER, id).closedBecause, "idle_timeout");
    assertEquals(await refusal(() => sessions.change(CALLER, id, {})), "conflict");
    const other = callerOf("other");
    for (const caller of [other, CALLER]) {
      assertEquals(await refusal(() => sessions.change(caller, caller === other ? id : "sess_0", {})), "not_found");
    }
  }, { request: { language: "typescript", metadata: { for: "me" } } }));

Deno.test("Sessions.change() to a lifetime that is over ends the session and what runs in it", () =>
  withSession(async ({ sessions, session: { id }, gate, clock }) => {
    const { ended } = await sessions.submit(CALLER, id, PROGRAM);
    await gate.untilBegun(1);
    clock.advance(60_000);
    sessions.change(CALLER, id, { maxLifetimeMs: 30_000 });
    clock.advance(1);
    assertEquals((await ended).outcome, { kind: "interrupted", reason: "the session ends: max_lifetime" });
    await sessions.close(CALLER, id);
    assertEquals(sessions.show(CALLER, id).closedBecause, "max_lifetime");
  }));

Deno.test("Sessions closes a session whose environment has ended by itself", async () => {
  const gate = await gatedEnvironment();
  const gone = () => Promise.reject(new CodeBeakerError("runtime_unavailable", "the container is gone"));
  const lost = withParts(gate.environment, {
    run: gone,
    files: { stat: gone } as unknown as ExecutionEnvironment["files"],
    mainFile: () => "main.ts",
  });
  const { sessions: made } = sessionsOf([fakeRuntime({ createEnvironment: () => Promise.resolve(lost) })]);
  await using sessions = made;
  const { id } = await sessions.create(CALLER, REQUEST);
  const command = { type: "execute_shell", command: "deno", args: ["eval", "1"] };
  assertEquals(await refusal(() => sessions.command(CALLER, id, command)), "runtime_unavailable");
  await sessions.close(CALLER, id);
  assertEquals(sessions.show(CALLER, id).closedBecause, "environment_ended");
});

Deno.test("Sessions opens no more than it may, and opens one again when one is closed", async () => {
  const environments = [await gatedEnvironment(), await gatedEnvironment()];
  const runtime = fakeRuntime({
    createEnvironment: () => Promise.resolve(environments.shift()?.environment ?? Promise.reject(new Error("asked"))),
  });
  const { sessions: made } = sessionsOf([runtime], { maxSessions: 1 });
  await using sessions = made;
  const attempts = await Promise.allSettled([sessions.create(CALLER, REQUEST), sessions.create(CALLER, REQUEST)]);
  assertEquals(attempts.map(({ status }) => status), ["fulfilled", "rejected"]);
  const [first] = sessions.list(CALLER, { limit: 1 }).sessions;
  await sessions.close(CALLER, first?.id ?? "");
  assertEquals((await sessions.create(CALLER, REQUEST)).state, "idle");
});

Deno.test("Sessions opens no more for a tenant than its quota says, and leaves the others theirs", async () => {
  await using sessions = sessionsOf([fakeRuntime({ createEnvironment: () => FakeEnvironment.create() })]).sessions;
  const caller = { principal: { ...callerOf("bounded").principal, quota: { maxSessions: 1 } } };
  const { id } = await sessions.create(caller, REQUEST);
  const error = await assertRejects(() => sessions.create(caller, REQUEST), CodeBeakerError, "its quota maxSessions");
  assertEquals(error.code, "busy");
  await sessions.create(CALLER, REQUEST);
  await sessions.close(caller, id);
  await sessions.create(caller, REQUEST);
  assertEquals(sessions.count, 2);
});

Deno.test("Sessions lists the newest first, in parts", async () => {
  const runtime = fakeRuntime({ createEnvironment: async () => (await gatedEnvironment()).environment });
  const { sessions: made, clock } = sessionsOf([runtime]);
  await using sessions = made;
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    ids.unshift((await sessions.create(CALLER, REQUEST)).id);
    clock.advance(1);
  }
  const first = sessions.list(CALLER, { limit: 2 });
  await sessions.close(CALLER, first.sessions[1]?.id ?? "");
  const second = sessions.list(CALLER, { limit: 2, cursor: first.nextCursor });
  const third = sessions.list(CALLER, { limit: 2, cursor: second.nextCursor });
  assertEquals([first, second, third].map(({ sessions }) => sessions.map(({ id }) => id)), [
    ids.slice(0, 2),
    ids.slice(2, 4),
    ids.slice(4),
  ]);
  assertEquals(third.nextCursor, undefined);
  assertEquals(sessions.list(CALLER, { limit: 9, state: "active" }).sessions, []);
  assertThrows(() => sessions.list(CALLER, { limit: 2, cursor: "nonsense" }), CodeBeakerError, "nextCursor");
});

Deno.test("Sessions is not left with an environment that nobody wants any more", async () => {
  for (const end of ["shutdown", "client"] as const) {
    const gate = await gatedEnvironment();
    const making = Promise.withResolvers<ExecutionEnvironment>();
    const { sessions, sessionStore } = sessionsOf([fakeRuntime({ createEnvironment: () => making.promise })]);
    const gone = new AbortController();
    const creating = sessions.create(CALLER, REQUEST, { signal: gone.signal });
    const refused = assertRejects(() => creating, Error);
    while (sessions.count === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(sessions.list(CALLER, { limit: 1 }).sessions[0]?.state, "creating");
    if (end === "client") gone.abort();
    const closing = end === "shutdown" ? sessions[Symbol.asyncDispose]() : undefined;
    making.resolve(gate.environment);
    await refused;
    await closing;
    await sessions[Symbol.asyncDispose]();
    await assertRejects(() => Deno.stat(gate.environment.hostPath(".")), Deno.errors.NotFound);
    assertEquals([end, sessions.count, sessionStore.kept.size], [end, 0, 0]);
  }
});

Deno.test("Sessions takes nothing for a session that is being made, and tells nobody of one that is closed before it is open", async () => {
  const gate = await gatedEnvironment();
  const making = Promise.withResolvers<ExecutionEnvironment>();
  const told: string[] = [];
  const { sessions: made, sessionStore, executions } = sessionsOf(
    [fakeRuntime({ createEnvironment: () => making.promise })],
    { observer: { sessionOpened: () => told.push("opened"), sessionClosed: () => told.push("closed") } },
  );
  await using sessions = made;
  const creating = refusal(() => sessions.create(CALLER, REQUEST));
  while (sessions.count === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const id = sessions.list(CALLER, { limit: 1 }).sessions[0]?.id ?? "";
  assertEquals(await refusal(() => sessions.submit(CALLER, id, PROGRAM)), "conflict");
  assertEquals(executions.queuedCount, 0);
  await sessions.close(CALLER, id);
  making.resolve(gate.environment);
  assertEquals([await creating, told, sessionStore.kept.size, sessions.count], ["conflict", [], 0, 0]);
  await assertRejects(() => Deno.stat(gate.environment.hostPath(".")), Deno.errors.NotFound);
});

Deno.test("Sessions shows and records no session that could not be stored, while its environment is removed", async () => {
  const removal = Promise.withResolvers<void>();
  const { environment: made } = await gatedEnvironment();
  const environment = withParts(made, {
    async [Symbol.asyncDispose]() {
      await removal.promise;
      await made[Symbol.asyncDispose]();
    },
  });
  const sessionStore = new FakeSessionStore();
  const stored = Promise.withResolvers<string>();
  sessionStore.insert = ({ info }) => {
    stored.resolve(info.id);
    throw new CodeBeakerError("busy", "the storage cannot be written");
  };
  const recorded: string[] = [];
  sessionStore.update = ({ id }) => void recorded.push(id);
  const { clock, sessions } = sessionsOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })], {
    sessionStore,
  });
  await using _sessions = sessions;
  const creating = refusal(() => sessions.create(CALLER, REQUEST));
  const id = await stored.promise;
  clock.advance(1_000);
  assertEquals(recorded, []);
  assertThrows(() => sessions.show(CALLER, id), CodeBeakerError, "Cannot find the session");
  removal.resolve();
  assertEquals(await creating, "busy");
});

Deno.test("Sessions writes down when a session was used, also where no program ran", () =>
  withSession(async ({ sessions, session, sessionStore, clock }) => {
    clock.advance(60_000);
    await sessions.files(CALLER, session.id).write("a.txt", new Uint8Array(1));
    clock.advance(1_000);
    const { lastActivityAt } = sessions.show(CALLER, session.id);
    assertEquals(Date.parse(lastActivityAt) - Date.parse(session.lastActivityAt), 60_000);
    assertEquals(sessionStore.find("local", session.id)?.lastActivityAt, lastActivityAt);
  }));

Deno.test("Sessions closes everything when the service ends, and says so", () =>
  withSession(async ({ sessions, session, gate, sessionStore, admission }) => {
    const { ended } = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    admission.close();
    await sessions[Symbol.asyncDispose]();
    assertEquals((await ended).outcome.kind, "interrupted");
    assertEquals(sessionStore.find("local", session.id)?.closedBecause, "service_stopped");
    assertEquals(await refusal(() => sessions.create(CALLER, REQUEST)), "busy");
  }));

Deno.test("Sessions tells its observer of every opening and closing, with its owner, and of its programs before", async () => {
  const told: unknown[] = [];
  await withSession(async ({ sessions, session, gate }) => {
    const { id, ended } = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    gate.endOne();
    await ended;
    await sessions.close(CALLER, session.id);
    assertEquals(told, [
      ["opened", "local", session.id],
      ["ended", id],
      ["closed", "local", session.id, "closed_by_owner"],
    ]);
  }, {
    recordDelayMs: 60_000,
    observer: {
      executionEnded: ({ id }) => told.push(["ended", id]),
      sessionOpened: ({ principal }, { id }) => told.push(["opened", principal.tenant, id]),
      sessionClosed: ({ principal }, { id, closedBecause }) =>
        told.push(["closed", principal.tenant, id, closedBecause]),
    },
  });
});

Deno.test("Sessions lets a program wait for the session's slot as long as it says before it is busy, else until it is free", () =>
  withSession(async ({ sessions, session, gate }) => {
    const first = await sessions.submit(CALLER, session.id, PROGRAM);
    await gate.untilBegun(1);
    for (const maxQueueMs of [0, 1]) {
      const hasty = await sessions.submit(CALLER, session.id, PROGRAM, { maxQueueMs });
      const error = await assertRejects(() => hasty.ended, CodeBeakerError, "another one of its session has not ended");
      assertEquals(error.code, "busy");
    }
    const unbounded = await sessions.submit(CALLER, session.id, PROGRAM);
    const patient = await sessions.submit(CALLER, session.id, PROGRAM, { maxQueueMs: 60_000 });
    for (const [index, { ended }] of [first, unbounded, patient].entries()) {
      await gate.untilBegun(index + 1);
      gate.endOne();
      assertEquals((await ended).exitCode, 0);
    }
  }));

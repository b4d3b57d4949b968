import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import type { Outcome } from "../../src/core/execution.ts";
import { parseExecutionRequest } from "../../src/core/requests/execution_request.ts";
import type { EndedExecution, Engine } from "../../src/engine/mod.ts";
import type { ExecutionReport } from "../../src/engine/port.ts";
import { CALLER, callerOf, engineOf, type EngineParts } from "../support/engine_of.ts";
import { echoProgram, FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { FakeExecutionStore } from "../support/fake_storage.ts";
import { type GatedEnvironment, gatedEnvironment, withParts } from "../support/gated_program.ts";

const REQUEST = parseExecutionRequest({ language: "typescript", code: "1", env: { SECRET: "s3cret" } });
const EXITED = { kind: "exited", exitCode: 0 } as const;

async function withGate(
  test: (engine: Engine, gate: GatedEnvironment) => Promise<void>,
  parts: EngineParts = {},
): Promise<void> {
  const gate = await gatedEnvironment();
  await using _environment = gate.environment;
  const kept = withParts(gate.environment, { [Symbol.asyncDispose]: () => Promise.resolve() });
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(kept) })], parts);
  await test(engine, gate);
}

function statusOf(report: ExecutionReport): string {
  return report.status;
}

Deno.test("Executions tells an execution's state by its id from its submission to its end", () =>
  withGate(async (engine, gate) => {
    const { id, ended } = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    const running = await engine.report(CALLER, id);
    assert(running.status === "running");
    assertEquals([running.id, running.language], [id, "typescript"]);
    gate.endOne();
    const execution = await ended;
    assertEquals([execution.id, execution.outcome, execution.stdout], [id, EXITED, "begun"]);
    assertEquals(await engine.report(CALLER, id), { status: "ended", execution });
  }));

Deno.test("Executions answers first and records behind, at the latest when anyone asks or it is disposed of", async () => {
  const seen: string[] = [];
  const observer = { executionEnded: ({ id }: EndedExecution) => void seen.push(id) };
  await withGate(async (engine, gate) => {
    const run = async (number: number) => {
      const { id, ended } = await engine.submit(CALLER, REQUEST);
      await gate.untilBegun(number);
      gate.endOne();
      return { id, execution: await ended };
    };
    const first = await run(1);
    assertEquals(seen, []);
    assertEquals(await engine.report(CALLER, first.id), { status: "ended", execution: first.execution });
    assertEquals(seen, [first.id]);
    const second = await run(2);
    assertEquals(engine.list(CALLER, { limit: 9 }).executions.map(({ id }) => id).toSorted(), seen.toSorted());
    assertEquals(seen, [first.id, second.id]);
    await run(3);
    assertEquals(seen.length, 2);
  }, { observer, recordDelayMs: 60_000 });
  assertEquals(seen.length, 3);
});

Deno.test("Executions shows what is printed before the end", () =>
  withGate(async (engine, gate) => {
    const printed = Promise.withResolvers<void>();
    const { id, ended } = await engine.submit(CALLER, REQUEST, { onOutput: () => printed.resolve() });
    await printed.promise;
    const report = await engine.report(CALLER, id);
    assertEquals(report.status === "running" ? report.stdout : report, "begun");
    gate.endOne();
    await ended;
  }));

Deno.test("Executions waits for an end as long as it is asked to, and no longer", () =>
  withGate(async (engine, gate) => {
    const { id } = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    assertEquals(statusOf(await engine.report(CALLER, id, { waitMs: 5 })), "running");
    const gone = new AbortController();
    const abandoned = engine.report(CALLER, id, { waitMs: 60_000, signal: gone.signal });
    gone.abort();
    assertEquals(statusOf(await abandoned), "running");
    const waiting = engine.report(CALLER, id, { waitMs: 60_000 });
    gate.endOne();
    assertEquals(statusOf(await waiting), "ended");
  }));

Deno.test("Executions keeps tenants apart: another's execution is not_found to see, to cancel and to feed", () =>
  withGate(async (engine, gate) => {
    const { id, ended } = await engine.submit(callerOf("one"), REQUEST, { isInteractive: true });
    await gate.untilBegun(1);
    const other = callerOf("two");
    const refuse = async () => {
      assertEquals((await assertRejects(() => engine.report(other, id), CodeBeakerError)).code, "not_found");
      assertEquals(assertThrows(() => engine.cancel(other, id), CodeBeakerError).code, "not_found");
      assertEquals((await assertRejects(() => engine.feed(other, id, {}), CodeBeakerError)).code, "not_found");
    };
    await refuse();
    assertEquals(statusOf(await engine.report(callerOf("one"), id)), "running");
    gate.endOne();
    await ended;
    await refuse();
    assertEquals(
      (await assertRejects(() => engine.report(callerOf("one"), "exec_unknown"), CodeBeakerError)).code,
      "not_found",
    );
  }));

Deno.test("Executions cancels what runs and what waits; what has ended stays as it is", () =>
  withGate(async (engine, gate) => {
    const running = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    const waiting = await engine.submit(CALLER, REQUEST, { isPatient: true });
    assertEquals(statusOf(await engine.report(CALLER, waiting.id)), "queued");
    engine.cancel(CALLER, waiting.id);
    const unrun = await waiting.ended;
    assertEquals([unrun.outcome, unrun.stdout, unrun.exitCode, gate.begun()], [{ kind: "cancelled" }, "", null, 1]);
    engine.cancel(CALLER, running.id);
    const cancelled = await running.ended;
    assertEquals([cancelled.outcome, cancelled.stdout], [{ kind: "cancelled" }, "begun"]);
    engine.cancel(CALLER, running.id);
    assertEquals(await engine.report(CALLER, running.id), { status: "ended", execution: cancelled });
  }, { maxConcurrent: 1 }));

Deno.test("Executions feeds a program while it runs, and tells when it takes no more", async () => {
  const environment = await FakeEnvironment.create(echoProgram);
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })]);
  const { id, ended } = await engine.submit(CALLER, parseExecutionRequest({ language: "ts", code: "1" }), {
    isInteractive: true,
  });
  await engine.feed(CALLER, id, { text: "héllo, " });
  await engine.feed(CALLER, id, { text: "world", close: true });
  assertEquals((await ended).stdout, "héllo, world");
  const late = await assertRejects(() => engine.feed(CALLER, id, { text: "x" }), CodeBeakerError, "has ended");
  assertEquals(late.code, "conflict");
});

Deno.test("Executions keeps nothing of an input whose sender is gone before its turn, and the order of the others", async () => {
  const reading = Promise.withResolvers<void>();
  const taken: Uint8Array<ArrayBuffer>[] = [];
  const { promise: outcome, resolve: end } = Promise.withResolvers<Outcome>();
  const stdin = new WritableStream<Uint8Array<ArrayBuffer>>({
    async write(bytes) {
      await reading.promise;
      taken.push(bytes);
    },
    close: () => end({ kind: "exited", exitCode: 0 }),
  });
  const environment = await FakeEnvironment.create(() => fakeProgram({ stdin, outcome }));
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })]);
  const { id, ended } = await engine.submit(CALLER, REQUEST, { isInteractive: true });
  const inputBytes = 1_048_576;
  const fed = ["a", "b", "c"].map((letter) => engine.feed(CALLER, id, { text: letter.repeat(inputBytes) }));
  const gone = new AbortController();
  const vanished = engine.feed(CALLER, id, { text: "x".repeat(inputBytes) }, { signal: gone.signal });
  const last = engine.feed(CALLER, id, { text: "d", close: true });
  gone.abort();
  assertEquals(await assertRejects(() => vanished, DOMException), gone.signal.reason);
  reading.resolve();
  await Promise.all([...fed, last]);
  assertEquals((await ended).exitCode, 0);
  const text = await new Blob(taken).text();
  assertEquals(text.replaceAll(/(.)\1+/g, "$1"), "abcd");
});

Deno.test("Executions takes no input for a request that names its stdin, or that nobody said would be fed", () =>
  withGate(async (engine, gate) => {
    const named = parseExecutionRequest({ language: "ts", code: "1", stdin: "" });
    for (const [request, options] of [[named, { isInteractive: true }], [REQUEST, {}]] as const) {
      const { id, ended } = await engine.submit(CALLER, request, options);
      const error = await assertRejects(() => engine.feed(CALLER, id, { text: "x" }), CodeBeakerError);
      assertEquals(error.code, "conflict");
      await gate.untilBegun(gate.environment.runs.length);
      engine.cancel(CALLER, id);
      await ended;
    }
  }));

Deno.test("Executions gives a repeated submit the first execution, while it runs and when it is over", () =>
  withGate(async (engine, gate) => {
    const options = { idempotencyKey: "k1" };
    const [first, second] = await Promise.all([
      engine.submit(CALLER, REQUEST, options),
      engine.submit(CALLER, REQUEST, options),
    ]);
    assertEquals(first.id, second.id);
    await gate.untilBegun(1);
    const other = await assertRejects(
      () => engine.submit(CALLER, parseExecutionRequest({ language: "ts", code: "2" }), options),
      CodeBeakerError,
    );
    assertEquals(other.code, "conflict");
    gate.endOne();
    const execution = await first.ended;
    assertEquals(await second.ended, execution);
    assertEquals(await (await engine.submit(CALLER, REQUEST, options)).ended, execution);
    assertEquals(gate.begun(), 1);
    const another = await engine.submit(callerOf("two"), REQUEST, options);
    assert(another.id !== first.id);
    engine.cancel(callerOf("two"), another.id);
    await another.ended;
  }));

Deno.test("Executions takes a submit anew under the key of one that was told to come again, and that did not begin", () =>
  withGate(async (engine, gate) => {
    const options = { idempotencyKey: "k1" };
    const first = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    const refused = await engine.submit(CALLER, REQUEST, options);
    assertEquals((await assertRejects(() => refused.ended, CodeBeakerError)).code, "busy");
    gate.endOne();
    await first.ended;
    const again = await engine.submit(CALLER, REQUEST, options);
    await gate.untilBegun(2);
    gate.endOne();
    assertEquals((await again.ended).outcome, EXITED);
    assertEquals((await engine.submit(CALLER, REQUEST, options)).id, again.id);
    const report = await engine.report(CALLER, refused.id);
    assertEquals(report.status === "failed" ? report.error.code : report, "busy");
  }, { maxConcurrent: 1 }));

Deno.test("Executions tells a repeated submit again why the first failed, where asking again is no remedy", async () => {
  const tried: ErrorCode[] = [];
  for (const code of ["runtime_unavailable", "internal", "permission_denied"] as const) {
    const createEnvironment = () => {
      tried.push(code);
      return Promise.reject(new CodeBeakerError(code, "it broke"));
    };
    await using engine = engineOf([fakeRuntime({ createEnvironment })]);
    for (const _ of "12") {
      const { ended } = await engine.submit(CALLER, REQUEST, { idempotencyKey: "k1" });
      assertEquals((await assertRejects(() => ended, CodeBeakerError)).code, code);
    }
  }
  assertEquals(tried, ["runtime_unavailable", "runtime_unavailable", "internal", "permission_denied"]);
});

Deno.test("Executions does not end the first when whoever repeated it goes away", () =>
  withGate(async (engine, gate) => {
    const options = { idempotencyKey: "k1" };
    const { ended } = await engine.submit(CALLER, REQUEST, options);
    await gate.untilBegun(1);
    const gone = new AbortController();
    await engine.submit(CALLER, REQUEST, { ...options, signal: gone.signal });
    gone.abort();
    gate.endOne();
    assertEquals((await ended).outcome, EXITED);
  }));

Deno.test("Executions lets the first go on whose client goes away, where another one has repeated it", () =>
  withGate(async (engine, gate) => {
    const gone = new AbortController();
    const options = { idempotencyKey: "k1" };
    const first = await engine.submit(CALLER, REQUEST, { ...options, signal: gone.signal });
    await gate.untilBegun(1);
    const second = await engine.submit(CALLER, REQUEST, { ...options, isPatient: true });
    assertEquals([second.id, second.status], [first.id, "running"]);
    gone.abort();
    gate.endOne();
    assertEquals((await second.ended).outcome, EXITED);
  }));

Deno.test("Executions cancels what nobody waits for any more", () =>
  withGate(async (engine, gate) => {
    const gone = new AbortController();
    const { ended } = await engine.submit(CALLER, REQUEST, { idempotencyKey: "k1", signal: gone.signal });
    await gate.untilBegun(1);
    gone.abort();
    assertEquals((await ended).outcome, { kind: "cancelled" });
  }));

Deno.test("Executions tells a repeated submit how the first stands", async () => {
  await withGate(async (engine, gate) => {
    const options = { idempotencyKey: "k1", isPatient: true };
    const other = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    const seen = [(await engine.submit(CALLER, REQUEST, options)).status];
    const status = async () => (await engine.submit(CALLER, REQUEST, options)).status;
    seen.push(await status());
    gate.endOne();
    await other.ended;
    await gate.untilBegun(2);
    seen.push(await status());
    gate.endOne();
    await (await engine.submit(CALLER, REQUEST, options)).ended;
    assertEquals([...seen, await status()], [undefined, "queued", "running", "ended"]);
  }, { maxConcurrent: 1 });
  const createEnvironment = () => Promise.reject(new CodeBeakerError("internal", "it broke"));
  await using engine = engineOf([fakeRuntime({ createEnvironment })]);
  const submit = () => engine.submit(CALLER, REQUEST, { idempotencyKey: "k1" });
  await assertRejects(async () => await (await submit()).ended, CodeBeakerError);
  assertEquals((await submit()).status, "failed");
});

Deno.test("Executions records what a client is told of at once as interrupted until it has ended, and keeps no code, variables or stdin", async () => {
  const store = new FakeExecutionStore();
  await withGate(async (engine, gate) => {
    const { id, ended } = await engine.submit(CALLER, REQUEST, { onStart: () => {} });
    const begun = store.begun.get(id);
    assertEquals(begun?.draft.outcome, { kind: "interrupted", reason: "the service was lost while it ran" });
    assertEquals([begun?.tenant, begun?.draft.runtime], ["local", "fake"]);
    assert(!JSON.stringify(begun).includes("s3cret"));
    await gate.untilBegun(1);
    gate.endOne();
    await ended;
    assertEquals(store.find("local", id)?.status, "ended");
  }, { store });
});

Deno.test("Executions records what a client is told of at its end only then", async () => {
  const store = new FakeExecutionStore();
  await withGate(async (engine, gate) => {
    const { id, ended } = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    assertEquals([store.find("local", id), (await engine.report(CALLER, id)).status], [undefined, "running"]);
    gate.endOne();
    await ended;
    assertEquals([store.find("local", id)?.status, store.find("other", id)], ["ended", undefined]);
  }, { store });
});

Deno.test("Executions records why the service could not run something", async () => {
  const broken = new CodeBeakerError("runtime_unavailable", "it broke");
  const ends: EndedExecution[] = [];
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.reject(broken) })], {
    observer: { executionEnded: (execution) => ends.push(execution) },
  });
  const { id, ended } = await engine.submit(CALLER, REQUEST, { isPatient: true });
  await assertRejects(() => ended, CodeBeakerError, "it broke");
  const report = await engine.report(CALLER, id);
  assertEquals(report.status === "failed" ? report.error.code : report, "runtime_unavailable");
  assert(ends[0]?.result instanceof CodeBeakerError);
});

Deno.test("Executions tells its observer every end once, with what was run", async () => {
  const ends: EndedExecution[] = [];
  await withGate(async (engine, gate) => {
    const { ended } = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    gate.endOne();
    const execution = await ended;
    assertEquals(ends.map(({ id, result, source }) => [id, result, source.code]), [[execution.id, execution, "1"]]);
  }, { observer: { executionEnded: (execution) => ends.push(execution) } });
});

Deno.test("Executions tells how long each waited for its turn, and not how long it ran", async () => {
  const ends: EndedExecution[] = [];
  await withGate(async (engine, gate) => {
    const submittedAt = performance.now();
    const first = await engine.submit(CALLER, REQUEST);
    const second = await engine.submit(CALLER, REQUEST, { isPatient: true });
    const bothWaitAt = performance.now();
    await gate.untilBegun(1);
    const begunAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const releasedAt = performance.now();
    gate.endOne();
    await first.ended;
    await gate.untilBegun(2);
    const secondBegunAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    gate.endOne();
    await second.ended;
    const [firstMs = NaN, secondMs = NaN] = ends.map(({ queuedMs }) => queuedMs);
    assert(firstMs > 0 && firstMs <= begunAt - submittedAt, `It ran, and did not wait, for ${firstMs} ms`);
    assert(secondMs >= releasedAt - bothWaitAt, `It waited for longer than ${secondMs} ms`);
    assert(secondMs <= secondBegunAt - submittedAt, `It ran, and did not wait, for ${secondMs} ms`);
  }, { maxConcurrent: 1, observer: { executionEnded: (execution) => ends.push(execution) } });
});

Deno.test("Executions makes input wait once a program has left a MiB of it unread", async () => {
  const reading = Promise.withResolvers<void>();
  const { promise: outcome, resolve: end } = Promise.withResolvers<Outcome>();
  const stdin = new WritableStream<Uint8Array>({
    write: () => reading.promise,
    close: () => end({ kind: "exited", exitCode: 0 }),
  });
  const environment = await FakeEnvironment.create(() => fakeProgram({ stdin, outcome }));
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })]);
  const { id, ended } = await engine.submit(CALLER, REQUEST, { isInteractive: true });
  const taken: number[] = [];
  const kibibytes = "x".repeat(1_024);
  const feed = async (index: number) => {
    await engine.feed(CALLER, id, { text: kibibytes.repeat(512) });
    taken.push(index);
  };
  const fed = [0, 1, 2, 3, 4, 5].map(feed);
  await fed[0];
  await new Promise((resolve) => setTimeout(resolve, 50));
  const takenUnread = taken.length;
  reading.resolve();
  await Promise.all(fed);
  await engine.feed(CALLER, id, { close: true });
  assertEquals((await ended).exitCode, 0);
  assert(takenUnread < 5, `It took ${takenUnread} inputs that nobody read`);
  assertEquals(taken, [0, 1, 2, 3, 4, 5]);
});

Deno.test("Executions lists live and ended executions of the tenant alone, in pages and by their status", () =>
  withGate(async (engine, gate) => {
    const [mine, other] = [callerOf("one"), callerOf("two")];
    const first = await engine.submit(mine, REQUEST);
    await gate.untilBegun(1);
    gate.endOne();
    await first.ended;
    const running = await engine.submit(mine, REQUEST);
    await gate.untilBegun(2);
    const queued = await engine.submit(mine, REQUEST, { isPatient: true }); // Recorded from its start on.
    const foreign = await engine.submit(other, REQUEST, { isPatient: true });
    const statusOf = (id: string) =>
      new Map([[first.id, "ended"], [running.id, "running"], [queued.id, "queued"]]).get(id);
    const { executions, nextCursor } = engine.list(mine, { limit: 10 });
    assertEquals(nextCursor, undefined);
    assertEquals(executions.map(({ id }) => id).toSorted(), [first.id, running.id, queued.id].toSorted());
    for (const { id, status } of executions) {
      assertEquals(status, statusOf(id));
      assertEquals(engine.list(mine, { limit: 10, status }).executions.map((entry) => entry.id), [id]);
    }
    assertEquals(engine.list(mine, { limit: 10, status: "failed" }).executions, []);
    assertEquals(engine.list(mine, { limit: 10, sessionId: "sess_1" }).executions, []);
    assertEquals(engine.list(other, { limit: 10 }).executions.map(({ id }) => id), [foreign.id]);
    const page = engine.list(mine, { limit: 2 });
    const rest = engine.list(mine, { limit: 2, cursor: page.nextCursor });
    assertEquals([...page.executions, ...rest.executions], [...executions]);
    assertEquals(rest.nextCursor, undefined);
    engine.cancel(other, foreign.id);
    engine.cancel(mine, queued.id);
    gate.endOne();
    await running.ended;
    assertEquals(engine.list(mine, { limit: 10, status: "ended" }).executions.length, 3);
  }, { maxConcurrent: 1 }));

Deno.test("Executions finds a text in what is shown of the tenant's executions, also while they run", () =>
  withGate(async (engine, gate) => {
    const [mine, other] = [callerOf("one"), callerOf("two")];
    const request = (code: string) => ({ ...REQUEST, code: new TextEncoder().encode(code) });
    const first = await engine.submit(mine, request(`\n  first(${"x".repeat(300)})`));
    await gate.untilBegun(1);
    const second = await engine.submit(mine, request("second()"));
    await engine.submit(other, request("first of another"), { isPatient: true });
    const find = (q: string) => engine.list(mine, { limit: 10, q }).executions.map(({ id }) => id);
    assertEquals([find("FIRST"), find("second"), find("another"), find(second.id)], [
      [first.id],
      [second.id],
      [],
      [second.id],
    ]);
    const { preview } = engine.list(mine, { limit: 10, q: "first" }).executions[0] ?? {};
    assertEquals(preview, `first(${"x".repeat(154)}`);
    gate.endOne();
    await first.ended;
    assertEquals([find("first"), find("exited")], [[first.id], [first.id]]);
    engine.cancel(mine, second.id);
  }));

Deno.test("Executions lets one wait in the queue as long as it says before it is busy", () =>
  withGate(async (engine, gate) => {
    const first = await engine.submit(CALLER, REQUEST);
    await gate.untilBegun(1);
    for (const options of [{ maxQueueMs: 0 }, { maxQueueMs: 1, isPatient: true }]) {
      const { ended } = await engine.submit(CALLER, REQUEST, options);
      assertEquals((await assertRejects(() => ended, CodeBeakerError)).code, "busy");
    }
    const waiting = await engine.submit(CALLER, REQUEST, { maxQueueMs: 60_000 });
    gate.endOne();
    await first.ended;
    await gate.untilBegun(2);
    gate.endOne();
    assertEquals((await waiting.ended).outcome, EXITED);
  }, { maxConcurrent: 1 }));

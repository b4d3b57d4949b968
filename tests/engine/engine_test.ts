import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Availability } from "../../src/core/capabilities.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { Outcome, OutputChunk } from "../../src/core/execution.ts";
import { parseExecutionRequest } from "../../src/core/requests/execution_request.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { MemoryBudget } from "../../src/concurrency/memory_budget.ts";
import { delay } from "../../src/concurrency/delay.ts";
import { Workspace } from "../../src/workspace/workspace.ts";
import { CALLER, engineOf, type EngineParts } from "../support/engine_of.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

/** An environment whose program runs until it is told how to end, and is cancelled by its signal. */
function fakeEnvironment(ending: Promise<Outcome>, onDispose: () => void = () => {}): ExecutionEnvironment {
  const root = Deno.makeTempDirSync();
  return {
    id: "env_fake",
    language: "typescript",
    warm: false,
    files: new Workspace(root, { asideDirectory: root }),
    mainFile: () => "main.ts",
    run: (_program, { signal }) => {
      const cancelled = new Promise<Outcome>((resolve) =>
        signal?.addEventListener("abort", () => resolve({ kind: "cancelled" }))
      );
      const outcome = Promise.race([ending, cancelled]);
      const output = new ReadableStream<OutputChunk>({
        async start(controller) {
          controller.enqueue({ stream: "stdout", bytes: new TextEncoder().encode("printed") });
          await outcome;
          controller.close();
        },
      });
      return Promise.resolve({
        stdin: new WritableStream(),
        output,
        outcome,
        usage: () => ({ cpuMs: 1, peakMemoryBytes: null }),
        kill: () => {},
      });
    },
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(root, { recursive: true });
      onDispose();
    },
  };
}

const REQUEST = parseExecutionRequest({ language: "typescript", code: "1" });
const EXITED = Promise.resolve<Outcome>({ kind: "exited", exitCode: 0 });

Deno.test("Engine falls back when an environment cannot be made, and tells every attempt", async () => {
  const broken = fakeRuntime({
    name: "broken",
    startupTimeMs: 1,
    createEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke")),
  });
  const good = fakeRuntime({ name: "good", createEnvironment: () => Promise.resolve(fakeEnvironment(EXITED)) });
  const weak = fakeRuntime({
    name: "weak",
    startupTimeMs: 0,
    isolationLevel: 6,
    createEnvironment: () => Promise.resolve(fakeEnvironment(EXITED)),
  });
  await using engine = engineOf([weak, broken, good]);
  const execution = await engine.execute(CALLER, REQUEST);
  assertEquals([execution.runtime, execution.attempts, execution.stdout], ["good", [{
    runtime: "broken",
    error: "it broke",
  }], "printed"]);
  await using alone = engineOf([broken, weak]);
  const error = await assertRejects(() => alone.execute(CALLER, REQUEST), CodeBeakerError);
  assertEquals([error.code, error.details.attempts?.length, error.details.selection?.chosen], [
    "runtime_unavailable",
    1,
    "broken",
  ]);
});

Deno.test("Engine does not fall back once user code may have begun", async () => {
  const environment = {
    ...fakeEnvironment(EXITED),
    run: () => Promise.reject(new CodeBeakerError("internal", "lost it")),
  };
  const second = fakeRuntime({ name: "second" });
  await using engine = engineOf([
    fakeRuntime({ name: "first", startupTimeMs: 1, createEnvironment: () => Promise.resolve(environment) }),
    second,
  ]);
  assertEquals((await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError)).code, "internal");
});

Deno.test("Engine tells which failure it is when nothing fits", async () => {
  const table: [Parameters<typeof fakeRuntime>[0], Record<string, unknown>, string][] = [
    [{ environments: ["python"] }, {}, "unsupported_language"],
    [{ unavailableBecause: "gone" }, {}, "runtime_unavailable"],
    [{}, { minIsolation: 9 }, "no_suitable_runtime"],
    [{ unavailableBecause: "gone" }, { minIsolation: 9 }, "no_suitable_runtime"],
    [{ cannotHonour: "no" }, {}, "no_suitable_runtime"],
    [{ limits: [] }, { limits: { diskMb: 1 } }, "no_suitable_runtime"],
    [{}, { permissions: { allowRead: ["/etc"] } }, "permission_denied"],
  ];
  for (const [runtime, fields, code] of table) {
    await using engine = engineOf([fakeRuntime(runtime)]);
    const request = parseExecutionRequest({ language: "typescript", code: "1", ...fields });
    assertEquals([code, (await assertRejects(() => engine.execute(CALLER, request), CodeBeakerError)).code], [
      code,
      code,
    ]);
  }
});

Deno.test("Engine gives a compiler no more time than its request names", async () => {
  const environment = await FakeEnvironment.create();
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })]);
  await engine.execute(CALLER, { ...REQUEST, compileMs: 7 });
  assertEquals(environment.runs.map(({ options }) => options.compileMs), [7]);
});

Deno.test("Engine runs no more at once than it has places", async () => {
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<Outcome>());
  let made = 0;
  const nextGate = () => gates[made++]?.promise ?? Promise.reject(new Error("More were made than asked for"));
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(nextGate())) });
  await using engine = engineOf([runtime]);
  const executions = gates.map(() => engine.execute(CALLER, REQUEST));
  while (made < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(made, 2);
  for (const gate of gates) gate.resolve({ kind: "exited", exitCode: 0 });
  assertEquals((await Promise.all(executions)).map(({ exitCode }) => exitCode), [0, 0, 0]);
});

Deno.test("Engine interrupts what still runs when its time to drain is over, and disposes of everything", async () => {
  let [made, disposed] = [0, 0];
  const runtime = fakeRuntime({
    createEnvironment: () => (made++, Promise.resolve(fakeEnvironment(new Promise(() => {}), () => disposed++))),
  });
  const engine = engineOf([runtime], { drainMs: 10 });
  const running = engine.execute(CALLER, REQUEST);
  while (made === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await engine[Symbol.asyncDispose]();
  assertEquals([(await running).outcome, disposed], [{ kind: "interrupted", reason: "the service was shut down" }, 1]);
  assertEquals((await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError)).code, "busy");
});

Deno.test("Engine tells what waits for a place that it is closing, and starts it no more", async () => {
  const gate = Promise.withResolvers<Outcome>();
  let made = 0;
  const runtime = fakeRuntime({ createEnvironment: () => (made++, Promise.resolve(fakeEnvironment(gate.promise))) });
  const engine = engineOf([runtime], { maxConcurrent: 1 });
  const [running, waiting] = [engine.execute(CALLER, REQUEST), engine.execute(CALLER, REQUEST)];
  const refused = assertRejects(() => waiting, CodeBeakerError, "shutting down");
  while (made < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const closing = engine[Symbol.asyncDispose]();
  assertEquals((await refused).code, "busy");
  gate.resolve({ kind: "exited", exitCode: 0 });
  await closing;
  assertEquals([(await running).exitCode, made], [0, 1]);
});

Deno.test("Engine answers before it removes an environment, and removes none that leaves nothing", async () => {
  for (const leavesNothing of [false, true]) {
    let wasDisposed = false;
    const inner = fakeEnvironment(EXITED);
    const environment: ExecutionEnvironment = {
      ...inner,
      leavesNothing,
      [Symbol.asyncDispose]: () => {
        wasDisposed = true;
        return inner[Symbol.asyncDispose]();
      },
    };
    const engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(environment) })]);
    await engine.execute(CALLER, parseExecutionRequest({ language: "typescript", code: "1" }));
    assert(!wasDisposed);
    await engine[Symbol.asyncDispose]();
    assertEquals(wasDisposed, !leavesNothing);
  }
});

Deno.test("Engine tells what waits for a runtime's answer that it is closing", async () => {
  const answer = Promise.withResolvers<Availability>();
  const engine = engineOf([{ ...fakeRuntime(), isAvailable: () => answer.promise }]);
  const refused = assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError, "shutting down");
  await engine[Symbol.asyncDispose]();
  assertEquals((await refused).code, "busy");
  answer.resolve({ available: true });
});

Deno.test("Engine names the field that a rejection is about", async () => {
  const request = parseExecutionRequest({ language: "typescript", code: "1", minIsolation: 9 });
  await using engine = engineOf([fakeRuntime({ name: "weak" })]);
  const error = await assertRejects(() => engine.execute(CALLER, request), CodeBeakerError);
  assertEquals(error.details.errors, [{
    path: "minIsolation",
    message: "weak: isolation 7 of 10 is below the floor 9",
  }]);
  const lacks = { detail: "its programs have no stdin", fields: ["stdin"] };
  await using blind = engineOf([fakeRuntime({ name: "blind", lackOf: () => lacks })]);
  const unseen = await assertRejects(() => blind.execute(CALLER, REQUEST), CodeBeakerError);
  assertEquals(unseen.details.errors, [{ path: "stdin", message: "blind: its programs have no stdin" }]);
});

Deno.test("Engine cancels when its caller does", async () => {
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(new Promise(() => {}))) });
  await using engine = engineOf([runtime]);
  const caller = new AbortController();
  const { outcome, stdout } = await engine.execute(CALLER, REQUEST, {
    signal: caller.signal,
    onOutput: () => caller.abort(),
  });
  assertEquals([outcome, stdout], [{ kind: "cancelled" }, "printed"]);
});

Deno.test("Engine shows what it measured", async () => {
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(EXITED)) })]);
  await engine.execute(CALLER, REQUEST);
  const [description] = await engine.describeRuntimes();
  assertEquals([description?.measured.samples, description?.measured.failures], [1, 0]);
  assert((description?.measured.startupMs.p50 ?? -1) >= 0);
});

Deno.test("Engine tells who is ready as soon as somebody is, and waits for the others where nobody is", async () => {
  const proven = Promise.withResolvers<void>();
  const slow: ExecutionRuntime = {
    ...fakeRuntime({ name: "slow" }),
    isAvailable: () => proven.promise.then(() => ({ available: false, reason: "it broke a promise" })),
  };
  const gone = fakeRuntime({ name: "gone", unavailableBecause: "not installed" });
  const missing = { name: "gone", available: false, reason: "not installed" };
  await using engine = engineOf([slow, gone, fakeRuntime()]);
  assertEquals(await engine.readiness(), [
    { name: "slow", available: false, reason: "its self-test is not over yet" },
    missing,
    { name: "fake", available: true },
  ]);
  await using lonely = engineOf([slow, gone]);
  const readiness = lonely.readiness();
  assertEquals(await Promise.race([readiness, delay(50)]), undefined);
  proven.resolve();
  assertEquals(await readiness, [{ name: "slow", available: false, reason: "it broke a promise" }, missing]);
});

Deno.test("Engine finds the floor reached only by a runtime that is available and isolated so well", async () => {
  const of = async (...runtimes: ExecutionRuntime[]) => {
    await using engine = engineOf(runtimes);
    const { floor, floorReached, runtimes: found } = await engine.diagnose();
    return [floor, floorReached, found.map(({ available, level }) => [available, level])];
  };
  const [weak, strong] = [fakeRuntime({ isolationLevel: 6 }), fakeRuntime({ isolationLevel: 9 })];
  const gone = fakeRuntime({ isolationLevel: 9, unavailableBecause: "it is not there" });
  assertEquals(await of(weak, gone), [7, false, [[true, 6], [false, 9]]]);
  assertEquals(await of(weak, strong), [7, true, [[true, 6], [true, 9]]]);
});

const BROKEN = new CodeBeakerError("runtime_unavailable", "it broke");

/** A runtime whose environments are what `make` says, and which counts how often it was asked for one. */
function countingRuntime(options: Parameters<typeof fakeRuntime>[0], make: () => Promise<ExecutionEnvironment>) {
  const counter = { asked: 0 };
  const runtime = fakeRuntime({ ...options, createEnvironment: () => (counter.asked++, make()) });
  return { runtime, counter };
}

const exits = () => Promise.resolve(fakeEnvironment(EXITED));
const breaks = () => Promise.reject(BROKEN);

Deno.test("Engine falls back only to what passed the same filters, best first, and tells every attempt in order", async () => {
  const request = parseExecutionRequest({ language: "typescript", code: "1", minIsolation: 8, limits: { diskMb: 1 } });
  const unfit = [
    { name: "weak", isolationLevel: 7 },
    { name: "mute", isolationLevel: 9, environments: ["python"] },
    { name: "strict", isolationLevel: 9, cannotHonour: "no" },
    { name: "boundless", isolationLevel: 9, limits: [] },
    { name: "gone", isolationLevel: 9, unavailableBecause: "not installed" },
  ].map((options) => countingRuntime({ startupTimeMs: 0, ...options }, exits));
  const fails = (message: string) => () => Promise.reject(new CodeBeakerError("runtime_unavailable", message));
  const first = countingRuntime({ name: "first", isolationLevel: 8, startupTimeMs: 1 }, fails("no socket"));
  const second = countingRuntime({ name: "second", isolationLevel: 9, startupTimeMs: 50 }, fails("no image"));
  const good = countingRuntime({ name: "good", isolationLevel: 8, startupTimeMs: 2_000 }, exits);
  const attempts = [{ runtime: "first", error: "no socket" }, { runtime: "second", error: "no image" }];
  const others = [...unfit, second, first].map(({ runtime }) => runtime);
  await using engine = engineOf([...others, good.runtime]);
  const execution = await engine.execute(CALLER, request);
  assertEquals([execution.runtime, execution.attempts], ["good", attempts]);
  await using alone = engineOf(others);
  const error = await assertRejects(() => alone.execute(CALLER, request), CodeBeakerError);
  assertEquals([error.code, error.details.attempts], ["runtime_unavailable", attempts]);
  assertEquals(unfit.map(({ counter }) => counter.asked), [0, 0, 0, 0, 0]);
});

Deno.test("Engine reserves what a program may take where it runs, and more before it falls back to a dearer runtime", async () => {
  const memory = new MemoryBudget(400);
  /** Whether this much is not reserved while an environment is made. */
  const isFree = (sizeMb: number) => {
    using reserved = memory.forWarm(sizeMb);
    return reserved !== undefined;
  };
  const found: boolean[][] = [];
  const look = () => found.push([isFree(144), isFree(145), isFree(63), isFree(64)]);
  let isBroken = false;
  const cheap = fakeRuntime({
    name: "cheap",
    startupTimeMs: 1,
    createEnvironment: () => {
      look();
      return isBroken
        ? Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke"))
        : Promise.resolve(fakeEnvironment(EXITED));
    },
  });
  const dear = fakeRuntime({
    name: "dear",
    memoryMb: 337,
    createEnvironment: () => {
      look();
      return Promise.resolve(fakeEnvironment(EXITED));
    },
  });
  await using engine = engineOf([cheap, dear], { memory });
  assertEquals((await engine.execute(CALLER, REQUEST)).runtime, "cheap");
  assertEquals(found.splice(0), [[true, false, true, true]]);
  isBroken = true;
  assertEquals((await engine.execute(CALLER, REQUEST)).runtime, "dear");
  assertEquals(found, [[true, false, true, true], [false, false, true, false]]);
  await using small = engineOf([cheap, dear], { memory: new MemoryBudget(300) });
  isBroken = false;
  assertEquals((await small.execute(CALLER, REQUEST)).runtime, "cheap");
  isBroken = true;
  const refused = await assertRejects(() => small.execute(CALLER, REQUEST), CodeBeakerError);
  const attempts = [{ runtime: "cheap", error: "it broke" }];
  assertEquals([refused.code, refused.details.attempts], ["runtime_unavailable", attempts]);
});

Deno.test("Engine leaves out a runtime that needs more memory than there is, and refuses only where none is left", async () => {
  const greedy = countingRuntime({ name: "greedy", startupTimeMs: 1, memoryMb: 301 }, exits);
  const modest = countingRuntime({ name: "modest", memoryMb: 300 }, exits);
  const memory = new MemoryBudget(300);
  await using engine = engineOf([greedy.runtime, modest.runtime], { memory });
  const { attempts, runtime } = await engine.execute(CALLER, REQUEST);
  assertEquals([runtime, attempts], ["modest", undefined]);
  await using alone = engineOf([greedy.runtime], { memory });
  const refused = await assertRejects(() => alone.execute(CALLER, REQUEST), CodeBeakerError, "301 MB");
  const { errors, retryAfterMs, selection } = refused.details;
  assertEquals([refused.code, errors?.[0]?.path, retryAfterMs], ["too_large", "limits.memoryMb", undefined]);
  assertEquals(selection?.candidates[0]?.rejectedBecause?.code, "exceeds_memory");
  assertEquals(greedy.counter.asked, 0);
});

Deno.test("Engine falls back when a program cannot be started, and leaves no environment behind", async () => {
  let disposed = 0;
  const broken = countingRuntime({ name: "broken", startupTimeMs: 1 }, () =>
    Promise.resolve({
      ...fakeEnvironment(EXITED, () => disposed++),
      run: () => Promise.reject(BROKEN),
    }));
  const good = countingRuntime({ name: "good" }, exits);
  {
    await using engine = engineOf([broken.runtime, good.runtime]);
    const { runtime, attempts } = await engine.execute(CALLER, REQUEST);
    assertEquals([runtime, attempts], ["good", [{ runtime: "broken", error: "it broke" }]]);
  }
  assertEquals(disposed, 1);
});

Deno.test("Engine never runs again elsewhere what has begun, however it ends", async () => {
  const outcomes: Outcome[] = [
    { kind: "exited", exitCode: 1 },
    { kind: "signaled", signal: "SIGSEGV" },
    { kind: "memory_limit", limitMb: 1, observedMb: 2 },
    { kind: "interrupted", reason: "the Engine was lost" },
  ];
  for (const outcome of outcomes) {
    const first = countingRuntime(
      { name: "first", startupTimeMs: 1 },
      () => Promise.resolve(fakeEnvironment(Promise.resolve(outcome))),
    );
    const second = countingRuntime({ name: "second" }, exits);
    await using engine = engineOf([first.runtime, second.runtime]);
    for (let round = 0; round < 4; round++) {
      const execution = await engine.execute(CALLER, REQUEST);
      assertEquals([execution.runtime, execution.outcome, execution.attempts], ["first", outcome, undefined]);
    }
    assertEquals(second.counter.asked, 0);
  }
});

Deno.test("Engine never runs again elsewhere what has begun when its runtime is lost, which is no failure to start", async () => {
  const lost = (): Promise<ExecutionEnvironment> => {
    const environment = fakeEnvironment(EXITED);
    return Promise.resolve({
      ...environment,
      run: async (program, options) => ({
        ...await environment.run(program, options),
        output: new ReadableStream<OutputChunk>({ start: (controller) => controller.error(BROKEN) }),
      }),
    });
  };
  const first = countingRuntime({ name: "first", startupTimeMs: 1 }, lost);
  const second = countingRuntime({ name: "second" }, exits);
  await using engine = engineOf([first.runtime, second.runtime]);
  for (let round = 0; round < 4; round++) {
    assertEquals((await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError)).code, "internal");
  }
  assertEquals([first.counter.asked, second.counter.asked], [4, 0]);
});

/** An engine of which the first runtime has failed three times in a row, with the clock and the making in a test's hands. */
async function engineWithout(others: readonly ExecutionRuntime[], options: EngineParts = {}) {
  const hands = { now: 0, make: breaks as () => Promise<ExecutionEnvironment> };
  const { runtime, counter } = countingRuntime({ name: "flaky", startupTimeMs: 1 }, () => hands.make());
  const selector = new RuntimeSelector([runtime, ...others], { minIsolation: 7, now: () => hands.now });
  const engine = engineOf([], { selector, maxConcurrent: 10, ...options });
  for (let round = 0; round < 3; round++) await engine.execute(CALLER, REQUEST).catch(() => {});
  return { engine, hands, counter };
}

const steady = () => fakeRuntime({ name: "steady", createEnvironment: exits });

Deno.test("Engine asks a runtime that keeps failing no more until it is due, and takes it back when it works", async () => {
  const { engine, hands, counter } = await engineWithout([steady()]);
  await using _engine = engine;
  const leftOut = await engine.execute(CALLER, { ...REQUEST, explain: true });
  assertEquals([leftOut.runtime, leftOut.attempts, counter.asked], ["steady", [], 3]);
  assertEquals(leftOut.selection?.candidates[1]?.rejectedBecause?.code, "circuit_open");
  hands.now = 5_000;
  assertEquals((await engine.execute(CALLER, REQUEST)).attempts, [{ runtime: "flaky", error: "it broke" }]);
  hands.now = 14_999;
  assertEquals([(await engine.execute(CALLER, REQUEST)).attempts, counter.asked], [undefined, 4]);
  hands.now = 15_000;
  hands.make = exits;
  for (let round = 0; round < 3; round++) assertEquals((await engine.execute(CALLER, REQUEST)).runtime, "flaky");
});

Deno.test("Engine lets one execution try a runtime that is due, and the others say that they passed it by", async () => {
  const { engine, hands, counter } = await engineWithout([steady()]);
  await using _engine = engine;
  hands.now = 5_000;
  assertEquals((await engine.select(CALLER, REQUEST)).chosen, "flaky");
  const gate = Promise.withResolvers<ExecutionEnvironment>();
  hands.make = () => gate.promise;
  const trial = engine.execute(CALLER, REQUEST);
  const others = await Promise.all([engine.execute(CALLER, REQUEST), engine.execute(CALLER, REQUEST)]);
  for (const { runtime, attempts } of others) {
    assertEquals([runtime, attempts], ["steady", [{
      runtime: "flaky",
      error: "circuit open while another execution tries it: 3 consecutive failures (it broke)",
    }]]);
  }
  gate.resolve(fakeEnvironment(EXITED));
  assertEquals([(await trial).runtime, counter.asked], ["flaky", 4]);
  const [description] = await engine.describeRuntimes();
  assertEquals(description?.measured.failures, 3);
});

Deno.test("Engine tells when to ask again where only a runtime would do that another execution tries", async () => {
  const { engine, hands } = await engineWithout([]);
  await using _engine = engine;
  const open = await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError);
  assertEquals([open.code, open.details.retryAfterMs, open.details.attempts], ["runtime_unavailable", 5_000, []]);
  hands.now = 5_000;
  const gate = Promise.withResolvers<ExecutionEnvironment>();
  hands.make = () => gate.promise;
  const trial = engine.execute(CALLER, REQUEST);
  const error = await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError);
  assertEquals([error.code, error.details.retryAfterMs, error.details.attempts?.length], [
    "runtime_unavailable",
    1_000,
    1,
  ]);
  gate.resolve(fakeEnvironment(EXITED));
  await trial;
});

Deno.test("Engine ends a trial as soon as its program has started, however long it runs", async () => {
  const { engine, hands } = await engineWithout([]);
  await using _engine = engine;
  hands.now = 5_000;
  const gate = Promise.withResolvers<Outcome>();
  hands.make = () => Promise.resolve(fakeEnvironment(gate.promise));
  const started = Promise.withResolvers<void>();
  const trial = engine.execute(CALLER, REQUEST, { onOutput: () => started.resolve() });
  await started.promise;
  hands.make = exits;
  assertEquals((await engine.execute(CALLER, REQUEST)).runtime, "flaky");
  gate.resolve({ kind: "interrupted", reason: "the Engine was lost" });
  assertEquals((await trial).outcome.kind, "interrupted");
  assertEquals((await engine.execute(CALLER, REQUEST)).runtime, "flaky");
});

Deno.test("Engine takes what is neither a success nor a failure of the runtime for the end of a trial only", async () => {
  const { engine, hands } = await engineWithout([]);
  await using _engine = engine;
  hands.now = 5_000;
  for (const error of [new CodeBeakerError("invalid_request", "no such path"), new Error("a crash")]) {
    hands.make = () => Promise.reject(error);
    await assertRejects(() => engine.execute(CALLER, REQUEST), Error, error.message);
  }
  hands.make = breaks;
  await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError, "it broke");
  const open = await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError, "4 consecutive failures");
  assertEquals(open.details.retryAfterMs, 10_000);
});

Deno.test("Engine takes a program cancelled before its start for no proof that its runtime works", async () => {
  const { engine, hands } = await engineWithout([]);
  await using _engine = engine;
  hands.now = 5_000;
  const cancelling = new AbortController();
  hands.make = () => {
    cancelling.abort();
    return Promise.resolve(fakeEnvironment(Promise.resolve({ kind: "cancelled" })));
  };
  assertEquals((await engine.execute(CALLER, REQUEST, { signal: cancelling.signal })).outcome.kind, "cancelled");
  hands.make = breaks;
  await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError, "it broke");
  await assertRejects(() => engine.execute(CALLER, REQUEST), CodeBeakerError, "4 consecutive failures");
});

Deno.test("Engine explains its choice only to a request that asks for it, and reports what it answered", async () => {
  await using engine = engineOf([steady()], {});
  for (const explain of [false, true]) {
    const execution = await engine.execute(CALLER, { ...REQUEST, explain });
    assertEquals([execution.status, execution.selection?.chosen, execution.attempts], [
      "ended",
      ...explain ? ["steady", []] : [undefined, undefined],
    ]);
    assertEquals(["selection" in execution, "attempts" in execution], [explain, explain]);
    assertEquals(await engine.report(CALLER, execution.id), { status: "ended", execution });
  }
});

Deno.test("Engine returns the files that a request asks for, from an environment that outlasts its program", async () => {
  const uses: (boolean | undefined)[] = [];
  const runtime = fakeRuntime({
    createEnvironment({ singleUse }) {
      uses.push(singleUse);
      return Promise.resolve(fakeEnvironment(EXITED));
    },
  });
  await using engine = engineOf([runtime], {});
  const lean = await engine.execute(CALLER, REQUEST);
  const execution = await engine.execute(CALLER, { ...REQUEST, outputs: ["*.ts"] });
  assertEquals([lean.outputFiles, execution.outputFiles, uses], [
    undefined,
    [{ path: "main.ts", content: "1", encoding: "utf8", bytes: 1 }],
    [true, false],
  ]);
  assertEquals(await engine.report(CALLER, execution.id), { status: "ended", execution });
});

Deno.test("Engine does not try what came to be left out while an execution waited for its place", async () => {
  const broken = countingRuntime({ name: "broken", startupTimeMs: 1 }, breaks);
  await using engine = engineOf([broken.runtime, steady()], { maxConcurrent: 1 });
  const executions = await Promise.all([1, 2, 3, 4].map(() => engine.execute(CALLER, REQUEST)));
  assertEquals(executions.map(({ runtime }) => runtime), Array(4).fill("steady"));
  assertEquals([broken.counter.asked, executions.at(-1)?.attempts?.at(0)?.error], [
    3,
    "circuit open for 5 s: 3 consecutive failures (it broke)",
  ]);
});

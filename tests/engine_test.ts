import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../src/core/errors.ts";
import type { Outcome, OutputChunk } from "../src/core/execution.ts";
import { parseExecutionRequest } from "../src/core/request.ts";
import { Engine, type EngineOptions } from "../src/engine.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../src/runtimes/runtime.ts";
import { RuntimeSelector } from "../src/runtimes/selector.ts";
import { Workspace } from "../src/system/workspace.ts";
import { fakeRuntime } from "./support/fake_runtime.ts";

const POLICY = { readRoots: [], writeRoots: [], openNetworks: [] };

function engineOf(runtimes: readonly ExecutionRuntime[], options: Partial<EngineOptions> = {}): Engine {
  const selector = new RuntimeSelector(runtimes, { minIsolation: 7 });
  return new Engine({ selector, policy: POLICY, maxConcurrent: 2, drainMs: 1_000, ...options });
}

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
        usage: () => ({ cpuMs: 1, peakMemoryBytes: 2 }),
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
  const execution = await engine.execute(REQUEST);
  assertEquals([execution.runtime, execution.attempts, execution.stdout], ["good", [{
    runtime: "broken",
    error: "it broke",
  }], "printed"]);
  await using alone = engineOf([broken, weak]);
  const error = await assertRejects(() => alone.execute(REQUEST), CodeBeakerError);
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
  assertEquals((await assertRejects(() => engine.execute(REQUEST), CodeBeakerError)).code, "internal");
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
    assertEquals([code, (await assertRejects(() => engine.execute(request), CodeBeakerError)).code], [code, code]);
  }
});

Deno.test("Engine runs no more at once than it has places", async () => {
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<Outcome>());
  let made = 0;
  const nextGate = () => gates[made++]?.promise ?? Promise.reject(new Error("More were made than asked for"));
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(nextGate())) });
  await using engine = engineOf([runtime]);
  const executions = gates.map(() => engine.execute(REQUEST));
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
  const running = engine.execute(REQUEST);
  while (made === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await engine[Symbol.asyncDispose]();
  assertEquals([(await running).outcome, disposed], [{ kind: "interrupted", reason: "the service was shut down" }, 1]);
  assertEquals((await assertRejects(() => engine.execute(REQUEST), CodeBeakerError)).code, "busy");
});

Deno.test("Engine tells what waits for a place that it is closing, and starts it no more", async () => {
  const gate = Promise.withResolvers<Outcome>();
  let made = 0;
  const runtime = fakeRuntime({ createEnvironment: () => (made++, Promise.resolve(fakeEnvironment(gate.promise))) });
  const engine = engineOf([runtime], { maxConcurrent: 1 });
  const [running, waiting] = [engine.execute(REQUEST), engine.execute(REQUEST)];
  const refused = assertRejects(() => waiting, CodeBeakerError, "shutting down");
  while (made < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const closing = engine[Symbol.asyncDispose]();
  assertEquals((await refused).code, "busy");
  gate.resolve({ kind: "exited", exitCode: 0 });
  await closing;
  assertEquals([(await running).exitCode, made], [0, 1]);
});

Deno.test("Engine names the field that a rejection is about", async () => {
  const request = parseExecutionRequest({ language: "typescript", code: "1", minIsolation: 9 });
  await using engine = engineOf([fakeRuntime({ name: "weak" })]);
  const error = await assertRejects(() => engine.execute(request), CodeBeakerError);
  assertEquals(error.details.errors, [{
    path: "minIsolation",
    message: "weak: isolation 7 of 10 is below the floor 9",
  }]);
});

Deno.test("Engine cancels when its caller does", async () => {
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(new Promise(() => {}))) });
  await using engine = engineOf([runtime]);
  const { outcome, stdout } = await engine.execute(REQUEST, { signal: AbortSignal.timeout(20) });
  assertEquals([outcome, stdout], [{ kind: "cancelled" }, "printed"]);
});

Deno.test("Engine shows what it measured", async () => {
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(fakeEnvironment(EXITED)) })]);
  await engine.execute(REQUEST);
  const [description] = await engine.describeRuntimes();
  assertEquals([description?.measured.samples, description?.measured.failures], [1, 0]);
  assert((description?.measured.startupMs.p50 ?? -1) >= 0);
});

import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { StartProbe, type StartProbeOptions } from "../../src/engine/start_probe.ts";
import { ENOUGH_SAMPLES } from "../../src/runtimes/selection/profile.ts";
import type { ExecutionRuntime } from "../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { MemoryBudget } from "../../src/concurrency/memory_budget.ts";
import { FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";
import { fakeRuntime, type FakeRuntimeOptions } from "../support/fake_runtime.ts";
import { withParts } from "../support/gated_program.ts";

/** A runtime that runs empty programs, and tells how many it was asked for. */
function runnerOf(options: FakeRuntimeOptions = {}) {
  const count = { made: 0 };
  const usage = { cpuMs: 1, peakMemoryBytes: 5_000_000 };
  const runtime = fakeRuntime({
    environments: ["typescript"],
    createEnvironment: () => {
      count.made++;
      return FakeEnvironment.create(() => fakeProgram({ usage: () => usage }));
    },
    ...options,
  });
  return { runtime, count };
}

function probeOf(runtimes: readonly ExecutionRuntime[], options: Partial<StartProbeOptions> = {}) {
  const selector = new RuntimeSelector(runtimes, { minIsolation: 7 });
  const memory = new MemoryBudget(1_024);
  return { selector, probe: new StartProbe({ selector, memory, isBusy: () => false, pauseMs: 1, ...options }) };
}

Deno.test("StartProbe measures what several runtimes can run, until that is enough to be believed", async () => {
  const [one, two] = [runnerOf({ name: "one" }), runnerOf({ name: "two" })];
  const { probe, selector } = probeOf([one.runtime, two.runtime]);
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([one.count.made, two.count.made], [ENOUGH_SAMPLES, ENOUGH_SAMPLES]);
  for (const { runtime } of [one, two]) {
    const figures = selector.profileOf(runtime).figures({ language: "typescript", memoryOverheadMb: 30 });
    assertEquals([figures?.path, figures?.memoryMb], ["cold", 5]);
  }
});

Deno.test("StartProbe measures warm starts where a process of the tenant runs one program after another", async () => {
  const one = runnerOf({ name: "one" });
  const tenants: (string | undefined)[] = [];
  const shared = runnerOf({
    name: "shared",
    async createEnvironment({ tenant }) {
      tenants.push(tenant);
      const environment = await FakeEnvironment.create(() =>
        fakeProgram({ usage: () => ({ cpuMs: 1, peakMemoryBytes: 5_000_000 }) })
      );
      return withParts(environment, { warm: tenants.length > 1 });
    },
  });
  const { probe, selector } = probeOf([one.runtime, shared.runtime]);
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([new Set(tenants).size, tenants.length], [1, ENOUGH_SAMPLES + 1]); // The first was cold.
  const figures = selector.profileOf(shared.runtime).figures({ language: "typescript", memoryOverheadMb: 30 });
  assertEquals(figures?.path, "warm");
});

Deno.test("StartProbe waits for a self-test that still runs", async () => {
  const [one, late] = [runnerOf({ name: "one" }), runnerOf({ name: "late" })];
  const selfTest = Promise.withResolvers<void>();
  let isOver = false;
  Object.assign(late.runtime, {
    isAvailable: () => Promise.resolve(isOver ? { available: true } : { available: false, reason: "not tested yet" }),
    pendingSelfTest: () => isOver ? undefined : () => selfTest.promise,
  });
  const { probe } = probeOf([one.runtime, late.runtime]);
  await using _probe = probe;
  probe.begin();
  setTimeout(() => {
    isOver = true;
    selfTest.resolve();
  }, 5);
  await probe.over;
  assertEquals([one.count.made, late.count.made], [ENOUGH_SAMPLES, ENOUGH_SAMPLES]);
});

Deno.test("StartProbe runs nothing where there is no choice", async () => {
  const [one, other, gone] = [
    runnerOf(),
    runnerOf({ environments: ["python"] }),
    runnerOf({ unavailableBecause: "not installed" }),
  ];
  const { probe } = probeOf([one.runtime, other.runtime, gone.runtime]);
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([one.count.made, other.count.made, gone.count.made], [0, 0, 0]);
});

Deno.test("StartProbe measures nothing for which there is no memory, beside the program's own", async () => {
  const [one, dear] = [runnerOf({ name: "one" }), runnerOf({ name: "dear", memoryMb: 1_025 })];
  const { probe } = probeOf([one.runtime, dear.runtime]);
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([one.count.made, dear.count.made], [ENOUGH_SAMPLES, 0]);
});

Deno.test("StartProbe counts what fails, and goes on with the others", async () => {
  const good = runnerOf({ name: "good" });
  const bad = runnerOf({
    name: "bad",
    createEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke")),
  });
  const { probe, selector } = probeOf([bad.runtime, good.runtime]);
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([selector.profileOf(bad.runtime).read().failures, good.count.made], [1, ENOUGH_SAMPLES]);
});

Deno.test("StartProbe waits while somebody's program runs, and ends with the service", async () => {
  const [one, two] = [runnerOf({ name: "one" }), runnerOf({ name: "two" })];
  let looks = 0;
  const looked = Promise.withResolvers<void>();
  const isBusy = () => {
    if (++looks === 3) looked.resolve();
    return true;
  };
  const { probe } = probeOf([one.runtime, two.runtime], { isBusy });
  probe.begin();
  await looked.promise;
  await probe[Symbol.asyncDispose]();
  assertEquals([one.count.made, two.count.made], [0, 0]);
});

Deno.test("StartProbe takes no memory that programs need, and counts that as nobody's failure", async () => {
  const [one, two] = [runnerOf({ name: "one" }), runnerOf({ name: "two" })];
  const { probe, selector } = probeOf([one.runtime, two.runtime], { memory: new MemoryBudget(64) });
  await using _probe = probe;
  probe.begin();
  await probe.over;
  assertEquals([one.count.made, selector.profileOf(one.runtime).read().failures], [0, 0]);
});

import { assertEquals } from "@std/assert";
import type { Availability } from "../../src/core/capabilities.ts";
import { ServiceStatus } from "../../src/engine/service_status.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

const MACHINE = { memory: { machineMb: 1, budgetMb: 1 } as never, check: () => Promise.resolve([]) };

Deno.test("ServiceStatus.readiness() tells the last answer of a runtime that is asked anew and slow", async () => {
  const late = Promise.withResolvers<Availability>();
  const answers = [Promise.resolve<Availability>({ available: true }), late.promise];
  const slow = { ...fakeRuntime({ name: "slow" }), isAvailable: () => answers.shift() ?? late.promise };
  const selector = new RuntimeSelector([fakeRuntime({ name: "fast" }), slow], { minIsolation: 7 });
  const status = new ServiceStatus({ selector, machine: MACHINE });
  const both = [{ name: "fast", available: true }, { name: "slow", available: true }];
  assertEquals(await status.readiness(), both);
  assertEquals(await status.readiness(), both);
  late.resolve({ available: false, reason: "gone" });
  assertEquals((await status.readiness())[1], { name: "slow", available: false, reason: "gone" });
});

for (const available of [true, false]) {
  Deno.test(`ServiceStatus.readiness() asks ${available ? "no" : "every"} runtime that is not loaded where ${available ? "one" : "none"} can run`, async () => {
    const loaded = {
      ...fakeRuntime({ name: "loaded" }),
      isAvailable: () => Promise.resolve({ available, reason: "gone" }),
    };
    const other = { ...fakeRuntime({ name: "other" }), isLoaded: false };
    const selector = new RuntimeSelector([loaded, other], { minIsolation: 7 });
    const [, answer] = await new ServiceStatus({ selector, machine: MACHINE }).readiness();
    const unloaded = { available: false, reason: "it is not loaded yet" };
    assertEquals(answer, { name: "other", ...(available ? unloaded : { available: true }) });
  });
}

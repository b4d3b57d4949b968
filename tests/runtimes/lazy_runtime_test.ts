import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { LazyRuntime } from "../../src/runtimes/lazy_runtime.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { plainConfig } from "../../src/runtimes/selection/description.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";

Deno.test("LazyRuntime asks and loads nothing once it is disposed of", async () => {
  const loaded: string[] = [];
  const open = (name: string) => {
    const runtime = { ...fakeRuntime({ name }), revision: () => 1 };
    const facts = {
      ...runtime,
      capabilities: runtime.getCapabilities(),
      warmEnvironments: [],
      runsAnyCommandLine: false,
    };
    return new LazyRuntime(facts, () => {
      loaded.push(name);
      return Promise.resolve(runtime);
    });
  };
  const [used, unused] = [open("used"), open("unused")];
  assertEquals(await used.isAvailable(), { available: true });
  assertEquals([used, unused].map((runtime) => runtime.revision("typescript")), [1, undefined]);
  for (const runtime of [used, unused]) {
    await runtime[Symbol.asyncDispose]();
    assertEquals(await runtime.isAvailable(), { available: false, reason: "the service is shutting down" });
    assertEquals(runtime.revision("typescript"), undefined);
    await assertRejects(() => runtime.diagnose(), CodeBeakerError, "shutting down");
  }
  assertEquals(loaded, ["used"]);
});

Deno.test("createRuntimes() makes a runtime whose code cannot be loaded unavailable, until it can be loaded", async () => {
  const logged: unknown[] = [];
  await using opened = await openRuntimeHost();
  const log = { info: () => {}, warning: (...line: unknown[]) => logged.push(line) };
  const whole = fakeRuntime();
  let isWhole = false;
  const [runtime] = createRuntimes({ ...opened, log }, [{
    name: "fake",
    settings: {},
    commands: [],
    facts: () => ({
      ...whole,
      capabilities: whole.getCapabilities(),
      warmEnvironments: [],
      runsAnyCommandLine: false,
    }),
    load: () => {
      if (isWhole) return Promise.resolve({ create: () => whole });
      return Promise.reject(new ReferenceError("__dirname is not defined"));
    },
    loadTestSubjects: () => Promise.reject(new Error("It has none")),
  }]);
  if (runtime === undefined) throw new Error("There is no runtime");
  const reason = "its code cannot be loaded: __dirname is not defined";
  const config = plainConfig(runtime, 0);
  const remedy = "install CodeBeaker again";
  assertEquals(await runtime.isAvailable(), { available: false, reason, remedy });
  assertEquals(await runtime.diagnose(), { level: 0, layers: [], canaries: [] });
  const assessment = { isolation: { level: 0, layers: [], limits: [] }, cannotHonour: reason };
  assertEquals(await runtime.assess(config), assessment);
  for (const call of [runtime.createEnvironment(config), runtime.reattachEnvironment?.("id", config)]) {
    const error = await assertRejects(() => Promise.resolve(call), CodeBeakerError, reason);
    assertEquals(error.code, "runtime_unavailable");
  }
  assertEquals(logged, [["runtime.load_failed", { runtime: "fake", reason, remedy }]]);
  isWhole = true;
  assertEquals(await runtime.isAvailable(), { available: true });
});

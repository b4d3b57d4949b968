import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { LazyRuntime } from "../../src/runtimes/lazy_runtime.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

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

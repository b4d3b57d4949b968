import { assertEquals } from "@std/assert";
import { denoFacts } from "../../../src/runtimes/deno/facts.ts";
import { Confinement } from "../../../src/sandbox/confinement.ts";

Deno.test("denoFacts() has the original's properties and capabilities", () => {
  using confinement = Confinement.none();
  const { capabilities, name, supportedEnvironments, type } = denoFacts({ confinement });
  assertEquals([name, type, supportedEnvironments], ["deno", "Deno", ["typescript", "javascript", "deno"]]);
  assertEquals(capabilities, {
    startupTimeMs: 80,
    memoryOverheadMB: 30,
    isolationLevel: 7,
    supportsFilesystemPersistence: true,
    supportsNetworkAccess: true,
    maxConcurrentExecutions: 100,
  });
});

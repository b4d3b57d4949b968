import { assertEquals, assertStringIncludes } from "@std/assert";
import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { configureEnvironment } from "../support/configure_environment.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { LAYER_COMBINATIONS, layerAvailability } from "../support/layers.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { canWrite, testLanguage } from "./conformance_suites.ts";
import { runtimeOf } from "../support/runtime_of.ts";

// A runtime whose programs the layers of the operating system confine keeps its promises with fewer of them. The full suite
// has every layer; one runtime and language stand for all, since layers know none, but for what may depend on these. Programs that only compute ask nothing of the layers.

/** Combinations of layers that have had their suite. */
const tested = new Set<string>();

for (const entry of RUNTIMES) {
  const { onlyComputes = false, usesHostLayers } = await entry.loadTestSubjects();
  const combinations = LAYER_COMBINATIONS.filter(({ without }) =>
    usesHostLayers && !onlyComputes && without.length > 0
  );
  for (const { needs, title, without } of combinations) {
    const host = await openRuntimeHost({ without, pool: EAGER_POOL });
    Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
    if (!needs.every((name) => isPresent(name, layerAvailability(host.confinement, name)))) continue;
    const runtime = runtimeOf(entry, host);
    const { supportedEnvironments: [language = ""] } = entry.facts(host);
    const { cannotHonour } = await runtime.assess(configureEnvironment(language), { assumesUntested: true });
    if (cannotHonour !== undefined) {
      // Nothing but layers checks its programs: it runs none where these do not keep them apart, and says so beforehand.
      Deno.test(`[${title}] ${entry.name} runs no program`, async () => {
        assertStringIncludes(cannotHonour, "no layer of the operating system confines it");
        assertEquals(host.confinement.separatesProcesses, false);
        for (const asked of [undefined, language]) {
          const answer = await runtime.isAvailable(asked);
          assertStringIncludes(answer.available ? "" : answer.reason, "nothing but layers of the operating system");
        }
      });
      continue;
    }
    if (!isPresent(entry.name, await testedAvailability(runtime, language)) || !await canWrite(entry, language)) {
      continue;
    }
    const suite = tested.has(title) ? "of_layered_runtime" : "of_layers";
    tested.add(title);
    await testLanguage({ entry, host, runtime }, { language, suite, isWarm: true, where: title });
  }
}

import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { LAYER_COMBINATIONS, layerAvailability } from "../support/layers.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { testConformance } from "./conformance.ts";

// A runtime whose programs the layers of the operating system confine does the same with fewer of them. The suite itself
// has every layer; one language stands for all, since layers know none.

for (const entry of RUNTIMES) {
  const { deviations, usesHostLayers } = await entry.loadTestSubjects();
  const combinations = LAYER_COMBINATIONS.filter(({ without }) => usesHostLayers && without.length > 0);
  for (const { needs, title, without } of combinations) {
    const host = await openRuntimeHost({ without, pool: EAGER_POOL });
    Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
    if (!needs.every((name) => isPresent(name, layerAvailability(host.confinement, name)))) continue;
    const runtime = (await entry.load()).create(host);
    const { contextEnvironments, supportedEnvironments: [language = ""] } = entry.facts(host);
    const dialect = DIALECTS[language];
    if (dialect === undefined || !isPresent(entry.name, await runtime.isAvailable())) continue;
    testConformance(runtime, {
      language,
      dialect,
      hasContexts: contextEnvironments.includes(language),
      deviations: deviations(host),
      where: title,
      isWarm: true,
    });
  }
}

import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { deviations } from "../../src/runtimes/deno/deviations.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { LAYER_COMBINATIONS, layerAvailability } from "../support/layers.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { testConformance } from "./conformance.ts";

// What every runtime must do, the deno runtime does with fewer layers of the operating system too. Every layer is what the suite
// itself has; one language stands for all, since layers know none.

const LANGUAGE = "typescript";

for (const { needs, title, without } of LAYER_COMBINATIONS.filter(({ without }) => without.length > 0)) {
  const host = await openRuntimeHost({ without, pool: EAGER_POOL });
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
  if (!needs.every((name) => isPresent(name, layerAvailability(host.confinement, name)))) continue;
  const runtime = createDenoRuntime(host);
  const dialect = DIALECTS[LANGUAGE];
  if (dialect === undefined || !isPresent("deno", await runtime.isAvailable())) continue;
  testConformance(runtime, { language: LANGUAGE, dialect, deviations: deviations(host), where: title, isWarm: true });
}

import { loadRuntimes, RUNTIMES } from "../../src/runtimes/mod.ts";
import { DIALECTS } from "../support/dialects.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { testConformance } from "./conformance.ts";

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
const runtimes = await loadRuntimes(host);

for (const [index, runtime] of runtimes.entries()) {
  if (!isPresent(runtime.name, await runtime.isAvailable())) continue;
  const deviations = await RUNTIMES[index]?.deviations() ?? {};
  for (const language of runtime.supportedEnvironments) {
    const dialect = DIALECTS[language];
    if (dialect === undefined) {
      throw new Error(`The suite has no programs in ${language}, which ${runtime.name} speaks`);
    }
    testConformance(runtime, { language, dialect, deviations });
  }
}

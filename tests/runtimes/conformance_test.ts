import { deviations } from "../../src/runtimes/deno/deviations.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { create as createDockerRuntime, deviations as dockerDeviations } from "../../src/runtimes/docker/mod.ts";
import { createRuntimes, RUNTIMES } from "../../src/runtimes/registry.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { testConformance } from "./conformance.ts";
import { testFilesConformance } from "./files_conformance.ts";

const host = await openRuntimeHost();
const warmHost = await openRuntimeHost({ pool: EAGER_POOL });
Deno.test.afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await warmHost[Symbol.asyncDispose]();
});
const runtimes = createRuntimes(host);

for (const runtime of runtimes) {
  await runtime.diagnose(); // The self-test takes as long as it takes here.
  if (!isPresent(runtime.name, await runtime.isAvailable())) continue;
  const entry = RUNTIMES.find(({ name }) => name === runtime.name);
  const deviations = (await entry?.load())?.deviations(host) ?? {};
  let hasTestedFiles = false;
  for (const language of runtime.supportedEnvironments) {
    if (!isPresent(`${runtime.name}/${language}`, await runtime.isAvailable(language))) continue;
    const dialect = DIALECTS[language];
    if (dialect === undefined) {
      throw new Error(`The suite has no programs in ${language}, which ${runtime.name} speaks`);
    }
    if (!hasTestedFiles) await testFilesConformance(runtime, { language });
    testConformance(runtime, { language, dialect, deviations, isBrief: hasTestedFiles });
    hasTestedFiles = true;
  }
}

/**
 * In containers an interpreter waits, or the launcher alone: then with a compiler there is more that can go wrong. Here
 * compiled programs run in environments that last, too.
 */
const WARM = [
  { name: "deno", create: createDenoRuntime, deviations, languages: ["typescript", "javascript"] },
  { name: "docker", create: createDockerRuntime, deviations: dockerDeviations, languages: ["python", "go"] },
];
for (const { create, deviations, languages, name } of WARM) {
  const runtime = create(warmHost);
  Deno.test.afterAll(async () => await runtime[Symbol.asyncDispose]());
  await runtime.diagnose();
  for (const language of languages) {
    const dialect = DIALECTS[language];
    if (dialect === undefined || !isPresent(`${name}/${language}`, await runtime.isAvailable(language))) continue;
    testConformance(runtime, {
      language,
      dialect,
      deviations: deviations(warmHost),
      where: "warm host",
      isWarm: true,
    });
  }
}

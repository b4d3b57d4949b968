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

for (const runtime of createRuntimes(host)) {
  const entry = RUNTIMES.find(({ name }) => name === runtime.name);
  if (entry === undefined) throw new Error(`There is no entry for ${runtime.name}`);
  await runtime.diagnose(); // The self-test takes as long as it takes here.
  if (!isPresent(runtime.name, await runtime.isAvailable())) continue;
  const { contextEnvironments } = entry.facts(host);
  const subjects = await entry.loadTestSubjects();
  const deviations = subjects.deviations(host);
  let hasTestedFiles = false;
  for (const language of runtime.supportedEnvironments) {
    if (!isPresent(`${runtime.name}/${language}`, await runtime.isAvailable(language))) continue;
    const dialect = DIALECTS[language];
    if (dialect === undefined) {
      throw new Error(`The suite has no programs in ${language}, which ${runtime.name} speaks`);
    }
    if (!hasTestedFiles) await testFilesConformance(runtime, { language });
    const hasContexts = contextEnvironments.includes(language);
    testConformance(runtime, { language, dialect, hasContexts, deviations, isBrief: hasTestedFiles });
    hasTestedFiles = true;
  }
}

// On warm slots more can go wrong. Here compiled programs run in environments that last, too.
for (const entry of RUNTIMES) {
  const runtime = (await entry.load()).create(warmHost);
  Deno.test.afterAll(async () => await runtime[Symbol.asyncDispose]());
  await runtime.diagnose();
  const { contextEnvironments } = entry.facts(warmHost);
  const { deviations, warmLanguages } = await entry.loadTestSubjects();
  for (const language of warmLanguages) {
    const dialect = DIALECTS[language];
    if (dialect === undefined || !isPresent(`${entry.name}/${language}`, await runtime.isAvailable(language))) continue;
    testConformance(runtime, {
      language,
      dialect,
      hasContexts: contextEnvironments.includes(language),
      deviations: deviations(warmHost),
      where: "warm host",
      isWarm: true,
    });
  }
}

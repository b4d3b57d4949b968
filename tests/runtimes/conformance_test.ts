import { createRuntimes, RUNTIMES } from "../../src/runtimes/mod.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { testConformance } from "./conformance.ts";
import { testFilesConformance } from "./files_conformance.ts";

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
const runtimes = createRuntimes(host);

for (const runtime of runtimes) {
  if (!isPresent(runtime.name, await runtime.isAvailable())) continue;
  const entry = RUNTIMES.find(({ name }) => name === runtime.name);
  const deviations = (await entry?.load())?.deviations ?? {};
  let hasTestedFiles = false;
  for (const language of runtime.supportedEnvironments) {
    if (!isPresent(`${runtime.name}/${language}`, await runtime.isAvailable(language))) continue;
    const dialect = DIALECTS[language];
    if (dialect === undefined) {
      throw new Error(`The suite has no programs in ${language}, which ${runtime.name} speaks`);
    }
    if (!hasTestedFiles) await testFilesConformance(runtime, { language });
    hasTestedFiles = true;
    testConformance(runtime, { language, dialect, deviations });
  }
}

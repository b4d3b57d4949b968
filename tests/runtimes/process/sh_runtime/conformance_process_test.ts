import { createRuntimes } from "../../../../src/runtimes/registry.ts";
import { DIALECTS } from "../../../support/dialects/mod.ts";
import { isPresent, testedAvailability } from "../../../support/requirements.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";
import { testConformance } from "../../conformance.ts";
import { sh } from "./entry.ts";

// A runtime that is nothing but a spec and a row keeps the promises of every other one.

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
const dialect = DIALECTS["bash"];
const deviations = (await sh.loadTestSubjects()).deviations(host);

for (const runtime of host.confinement.separatesProcesses ? createRuntimes(host, [sh]) : []) {
  await runtime.diagnose();
  if (dialect === undefined || !isPresent("sh", await testedAvailability(runtime))) continue;
  testConformance(runtime, { language: "bash", dialect, hasContexts: false, deviations, suite: "brief" });
}

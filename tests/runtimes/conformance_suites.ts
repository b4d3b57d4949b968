import type { RuntimeEntry } from "../../src/runtimes/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { type Suite, testConformance } from "./conformance.ts";
import { testFilesConformance } from "./files_conformance.ts";

/** Which runtimes a suite is about: those that the host's layers confine, or those that an Engine does. */
interface Confined {
  readonly byHostLayers: boolean;
}

/** Registers the full suite for each runtime in the first language that is here, and what depends on it in each of the others. */
export async function testLanguages(confined: Confined): Promise<void> {
  await withRuntimes(confined, {}, async (tested) => {
    for (const [index, language] of (await languagesHere(tested)).entries()) {
      await testLanguage(tested, { language, suite: index === 0 ? "full" : "of_language" });
    }
  });
}

/** Registers the checks of files for each runtime in the first language that is here. */
export async function testFiles(confined: Confined): Promise<void> {
  await withRuntimes(confined, {}, async (tested) => {
    const [language] = await languagesHere(tested);
    if (language !== undefined) await testFilesConformance(tested.runtime, { language });
  });
}

/** The languages of a runtime's suite that are here; the others are registered as skipped. */
async function languagesHere({ entry, runtime }: Tested): Promise<string[]> {
  const { suiteLanguages } = await entry.loadTestSubjects();
  if (suiteLanguages === undefined && !isPresent(runtime.name, await testedAvailability(runtime))) return [];
  const here: string[] = [];
  for (const language of suiteLanguages ?? runtime.supportedEnvironments) {
    if (isPresent(`${runtime.name}/${language}`, await testedAvailability(runtime, language))) here.push(language);
  }
  return here;
}

/** Registers the brief suite on warm slots. */
export async function testWarmLanguages(confined: Confined): Promise<void> {
  await withRuntimes(confined, { pool: EAGER_POOL }, async ({ entry, host, runtime }) => {
    for (const language of (await entry.loadTestSubjects()).warmLanguages) {
      if (!isPresent(`${entry.name}/${language}`, await testedAvailability(runtime, language))) continue;
      await testLanguage({ entry, host, runtime }, { language, suite: "brief", isWarm: true, where: "warm host" });
    }
  });
}

/** One runtime on a host. */
interface Tested {
  readonly entry: RuntimeEntry;
  readonly host: RuntimeHost;
  readonly runtime: ExecutionRuntime;
}

/** Registers the suite for one language of a runtime. */
export async function testLanguage(
  { entry, host, runtime }: Tested,
  options: { readonly language: string; readonly suite: Suite; readonly isWarm?: boolean; readonly where?: string },
): Promise<void> {
  const { dialects = {}, deviations } = await entry.loadTestSubjects();
  const dialect = DIALECTS[dialects[options.language] ?? options.language];
  if (dialect === undefined) throw new Error(`The suite has no programs in ${options.language}`);
  const hasContexts = entry.facts(host).contextEnvironments.includes(options.language);
  testConformance(runtime, { ...options, dialect, hasContexts, deviations: deviations(host) });
}

async function withRuntimes(
  { byHostLayers }: Confined,
  parts: Pick<RuntimeHost, "pool">,
  test: (tested: Tested) => Promise<void>,
): Promise<void> {
  const host = await openRuntimeHost(parts);
  for (const entry of RUNTIMES) {
    if ((await entry.loadTestSubjects()).usesHostLayers !== byHostLayers) continue;
    const runtime = (await entry.load()).create(host);
    Deno.test.afterAll(async () => await runtime[Symbol.asyncDispose]());
    await test({ entry, host, runtime });
  }
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
}

import type { RuntimeEntry } from "../../src/runtimes/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { type Dialect, DIALECTS } from "../support/dialects/mod.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { type Suite, testConformance } from "./conformance.ts";
import { chooseFilesBench, type FilesBenches } from "./file_checks/planting.ts";
import { testFilesConformance } from "./files_conformance.ts";
import { runtimeOf } from "../support/runtime_of.ts";

/** Which runtimes a suite is about: those that the host's layers confine, or those that an Engine does. */
interface Confined {
  readonly byHostLayers: boolean;
  /** Of as many shares of these runtimes, the one that is tested; absent, all. */
  readonly share?: { readonly index: number; readonly of: number };
}

/** Registers the full suite for each runtime in the first language that is here, and what may differ in each of the others. */
export async function testLanguages(confined: Confined): Promise<void> {
  await withRuntimes(confined, {}, async (tested) => {
    const [first, ...others] = await languagesHere(tested);
    if (first === undefined) return;
    const { onlyComputes = false } = await tested.entry.loadTestSubjects();
    await testLanguage(tested, { language: first, suite: onlyComputes ? "of_computing" : "full" });
    const dialect = await dialectOf(tested.entry, first);
    for (const language of others) {
      const isSame = await dialectOf(tested.entry, language) === dialect;
      await testLanguage(tested, { language, suite: isSame ? "of_name" : "of_language" });
    }
  });
}

/**
 * Registers the checks of files in the first language that is here: for each runtime that an Engine confines, and for one of
 * those that the host's layers do, since a workspace is the same for all of these. One whose programs have a shell is the
 * first choice: they make what the host makes elsewhere.
 */
export async function testFiles(confined: Confined): Promise<void> {
  const found: { readonly name: string; readonly benches: FilesBenches }[] = [];
  await withRuntimes(confined, {}, async (tested) => {
    if (confined.byHostLayers && found.at(-1)?.benches.isShared === true) return;
    const [language] = await languagesHere(tested);
    if (language === undefined) return;
    found.push({ name: tested.runtime.name, benches: await chooseFilesBench(tested.runtime, language) });
  });
  const chosen = confined.byHostLayers ? found.slice(-1) : found;
  for (const { benches, name } of chosen) testFilesConformance(name, benches);
}

/** The languages of a runtime's suite that are here; the others are registered as skipped. */
async function languagesHere({ entry, runtime }: Tested): Promise<string[]> {
  const { suiteLanguages } = await entry.loadTestSubjects();
  if (suiteLanguages === undefined && !isPresent(runtime.name, await testedAvailability(runtime))) return [];
  const here: string[] = [];
  for (const language of suiteLanguages ?? runtime.supportedEnvironments) {
    if (!isPresent(`${runtime.name}/${language}`, await testedAvailability(runtime, language))) continue;
    if (await canWrite(entry, language)) here.push(language);
  }
  return here;
}

/**
 * Registers the brief suite on warm slots for one runtime, for each of the others what their waiters may break, and what those of
 * further languages may.
 */
export async function testWarmLanguages(confined: Confined): Promise<void> {
  let first: Suite = "brief";
  await withRuntimes(confined, { pool: EAGER_POOL }, async ({ entry, host, runtime }) => {
    let suite = first;
    for (const language of (await entry.loadTestSubjects()).warmLanguages) {
      if (!isPresent(`${entry.name}/${language}`, await testedAvailability(runtime, language))) continue;
      if (!await canWrite(entry, language)) continue;
      await testLanguage({ entry, host, runtime }, { language, suite, isWarm: true, where: "warm host" });
      suite = suite === "brief" ? "of_waiter" : "of_waiting_language";
      first = "of_waiter";
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
  const { deviations, usesHostLayers } = await entry.loadTestSubjects();
  testConformance(runtime, {
    ...options,
    dialect: await dialectOf(entry, options.language),
    hasContexts: entry.facts(host).contextEnvironments.includes(options.language),
    deviations: deviations(host),
    isSameForSingleUse: usesHostLayers,
  });
}

/** Whether this machine has what makes the programs that test a language of a runtime. */
export async function canWrite(entry: RuntimeEntry, language: string): Promise<boolean> {
  const { needs } = await dialectOf(entry, language);
  return needs === undefined || isPresent(needs.name, await needs.availability());
}

/** The programs that test a language of a runtime. */
async function dialectOf(entry: RuntimeEntry, language: string): Promise<Dialect> {
  const { dialects = {} } = await entry.loadTestSubjects();
  const dialect = DIALECTS[dialects[language] ?? language];
  if (dialect === undefined) throw new Error(`The suite has no programs in ${language}`);
  return dialect;
}

async function withRuntimes(
  { byHostLayers, share = { index: 0, of: 1 } }: Confined,
  parts: Pick<RuntimeHost, "pool">,
  test: (tested: Tested) => Promise<void>,
): Promise<void> {
  const host = await openRuntimeHost(parts);
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]()); // The last to go: what is registered first ends last.
  let count = 0;
  for (const entry of RUNTIMES) {
    if ((await entry.loadTestSubjects()).usesHostLayers !== byHostLayers) continue;
    if (count++ % share.of !== share.index) continue;
    const runtime = runtimeOf(entry, host);
    Deno.test.afterAll(async () => await runtime[Symbol.asyncDispose]());
    await test({ entry, host, runtime });
  }
}

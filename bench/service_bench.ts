import { delay } from "../src/concurrency/delay.ts";
import { MAX_ISOLATION } from "../src/core/answers/vocabulary.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { SelfTestResults } from "../src/runtimes/self_test/self_test_results.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { type ServiceProcess, startServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./process_memory.ts";
import { median, printTable, type Row } from "./table.ts";

const ROUNDS = 7;
const IDLE_MS = 2_000;

/** Measures start-up and idle memory of the service; returns the p50 from start to ready, in ms. */
export async function benchService(): Promise<number> {
  const untestedMs: number[] = [];
  const readyMs: number[] = [];
  const idleMb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const home = await Deno.makeTempDir();
    {
      await using first = await startMeasured(home);
      untestedMs.push(first.readyMs);
    }
    {
      await using second = await startMeasured(home);
      readyMs.push(second.readyMs);
      await delay(IDLE_MS);
      idleMb.push(residentMb(second.process.pid));
    }
    await Deno.remove(home, { recursive: true });
  }
  printTable("The service itself", ["figure", "p50"], [
    { name: "from start to ready (bound: 400 ms)", cells: [`${median(readyMs).toFixed(0)} ms`] },
    { name: "the same without results of an earlier self-test", cells: [`${median(untestedMs).toFixed(0)} ms`] },
    { name: "resident memory when idle (bound: 120 MB)", cells: [`${median(idleMb).toFixed(0)} MB`] },
    ...await benchSelfTests(),
  ]);
  return median(readyMs);
}

/** Starts a service with this home; measures the time until it is ready. */
async function startMeasured(home: string): Promise<ServiceProcess & { readonly readyMs: number }> {
  const startedAt = performance.now();
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startServiceProcess([], { CODEBEAKER_HOME: home }, { mayLackRuntimes: true }));
  const { ok } = await fetch(`${service.url}/health/ready`);
  if (!ok) throw new Error(`The service is not ready: ${service.log()}`);
  owned.move();
  return { ...service, readyMs: performance.now() - startedAt };
}

/** How long each runtime takes to prove itself for the first time, its own loading included. */
async function benchSelfTests(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, load } of RUNTIMES) {
    const testMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await using host = await openRuntimeHost({ selfTestResults: new SelfTestResults(undefined) });
      const startedAt = performance.now();
      await using runtime = (await load()).create(host);
      const { available } = await runtime.isAvailable();
      await runtime.pendingSelfTest?.({ minIsolation: MAX_ISOLATION })?.();
      if (available) testMs.push(performance.now() - startedAt);
    }
    const figure = testMs.length === 0 ? "not here" : `${median(testMs).toFixed(0)} ms`;
    rows.push({ name: `self-test of ${name}, without earlier results (bound: 1000 ms)`, cells: [figure] });
  }
  return rows;
}

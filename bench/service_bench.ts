import { MAX_ISOLATION } from "../src/core/capabilities.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { SelfTestResults } from "../src/runtimes/self_test/self_test_results.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { type ServiceProcess, startServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./process_memory.ts";
import { median, printTable, type Row } from "./table.ts";

const ROUNDS = 7;
const IDLE_MS = 2_000;

/** How long the service takes from its start to ready, which it gives (p50, in ms), and what it weighs when it idles. */
export async function benchService(): Promise<number> {
  const unprovenMs: number[] = [];
  const readyMs: number[] = [];
  const idleMb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const home = await Deno.makeTempDir();
    {
      await using first = await startMeasured(home);
      unprovenMs.push(first.readyMs);
    }
    {
      await using second = await startMeasured(home);
      readyMs.push(second.readyMs);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      idleMb.push(residentMb(second.process.pid));
    }
    await Deno.remove(home, { recursive: true });
  }
  printTable("The service itself", ["figure", "p50"], [
    { name: "from start to ready (bound: 400 ms)", cells: [`${median(readyMs).toFixed(0)} ms`] },
    { name: "the same, nothing proven before", cells: [`${median(unprovenMs).toFixed(0)} ms`] },
    { name: "resident memory when idle (bound: 120 MB)", cells: [`${median(idleMb).toFixed(0)} MB`] },
    ...await benchSelfTests(),
  ]);
  return median(readyMs);
}

/** A service with this home, and how long it took until it was ready. */
async function startMeasured(home: string): Promise<ServiceProcess & { readonly readyMs: number }> {
  const startedAt = performance.now();
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startServiceProcess([], { CODEBEAKER_HOME: home }));
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
      await runtime.whenSelfTested?.({ minIsolation: MAX_ISOLATION });
      if (available) testMs.push(performance.now() - startedAt);
    }
    const figure = testMs.length === 0 ? "not here" : `${median(testMs).toFixed(0)} ms`;
    rows.push({ name: `self-test of ${name}, nothing proven before (bound: 1000 ms)`, cells: [figure] });
  }
  return rows;
}

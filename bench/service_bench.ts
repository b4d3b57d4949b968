import { startServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./memory.ts";
import { median, printTable } from "./table.ts";

const ROUNDS = 7;
const IDLE_MS = 2_000;

/** How long the service takes from its start to ready, and what it weighs when it idles. */
export async function benchService(): Promise<void> {
  const readyMs: number[] = [];
  const idleMb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await using service = await startServiceProcess();
    const { ok } = await fetch(`${service.url}/health/ready`);
    if (!ok) throw new Error(`The service is not ready: ${service.log()}`);
    readyMs.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    idleMb.push(residentMb(service.process.pid));
  }
  printTable("The service itself", ["figure", "p50"], [
    { name: "from start to ready (bound: 400 ms)", cells: [`${median(readyMs).toFixed(0)} ms`] },
    { name: "resident memory when idle (bound: 120 MB)", cells: [`${median(idleMb).toFixed(0)} MB`] },
  ]);
}

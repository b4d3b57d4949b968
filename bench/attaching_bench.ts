import { delay } from "../src/concurrency/delay.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./process_memory.ts";
import { median, printTable } from "./table.ts";

const READERS = 10_000;
/** After so many, V8's heap has the size that it keeps. */
const WARM_UP_READERS = 20_000;
const OUTPUT_BYTES = 16_384;
const SETTLE_MS = 2_000;

/** Measures the memory that readers of an ended execution's events leave behind, one after the other. */
export async function benchAttaching(): Promise<void> {
  await using service = await startServiceProcess(["--log-level", "warning"]);
  const id = await runProgram(service.url);
  const path = `${service.url}/v1/executions/${id}/events`;
  await attach(path, WARM_UP_READERS);
  await delay(SETTLE_MS);
  const before = residentMb(service.process.pid);
  const tookMs = await attach(path, READERS);
  await delay(SETTLE_MS);
  const growth = residentMb(service.process.pid) - before;
  printTable(`${READERS} readers attach to an ended execution, one after the other`, ["figure", "value"], [
    { name: "growth of the service's resident memory (bound: 20 MB)", cells: [`${growth.toFixed(1)} MB`] },
    { name: `to attach and read ${OUTPUT_BYTES / 1_024} KiB, p50`, cells: [`${median(tookMs).toFixed(2)} ms`] },
  ]);
}

async function runProgram(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    body: JSON.stringify({ language: "typescript", code: `console.log("x".repeat(${OUTPUT_BYTES}))` }),
  });
  const execution = await response.json();
  if (response.status !== 200) throw new Error(`The service answers ${JSON.stringify(execution)}`);
  return execution.id;
}

async function attach(path: string, readers: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let reader = 0; reader < readers; reader++) {
    const startedAt = performance.now();
    const text = await (await fetch(path)).text();
    if (!text.includes("event: completed")) throw new Error(`The service answers ${text}`);
    tookMs.push(performance.now() - startedAt);
  }
  return tookMs;
}

import { delay } from "../src/concurrency/delay.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./process_memory.ts";
import { median, printTable } from "./table.ts";

const ROUNDS = 3;
const SESSIONS = 200;
const SETTLE_MS = 2_000;

/** Measures the memory that idle sessions cost the service. */
export async function benchIdleSessions(): Promise<void> {
  const growthMb: number[] = [];
  const openMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using service = await startServiceProcess(["--log-level", "warning"]);
    // As many are opened and closed first: memory that requests leave behind is no cost of sessions.
    const passing = await openSessions(service.url, []);
    for (const id of passing) await closeSession(service.url, id);
    await delay(SETTLE_MS);
    const before = residentMb(service.process.pid);
    await openSessions(service.url, openMs);
    await delay(SETTLE_MS);
    growthMb.push(residentMb(service.process.pid) - before);
  }
  printTable(`${SESSIONS} idle sessions`, ["figure", "p50"], [
    {
      name: "resident memory of the service for all of them (bound: 20 MB)",
      cells: [`${median(growthMb).toFixed(1)} MB`],
    },
    { name: "to open one over HTTP", cells: [`${median(openMs).toFixed(1)} ms`] },
  ]);
}

async function openSessions(url: string, openMs: number[]): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < SESSIONS; count++) {
    const startedAt = performance.now();
    const response = await fetch(`${url}/v1/sessions`, {
      method: "POST",
      body: JSON.stringify({ language: "typescript" }),
    });
    const session = await response.json();
    if (response.status !== 201) throw new Error(`The service answers ${JSON.stringify(session)}`);
    openMs.push(performance.now() - startedAt);
    ids.push(session.id);
  }
  return ids;
}

async function closeSession(url: string, id: string): Promise<void> {
  const { status } = await fetch(`${url}/v1/sessions/${id}`, { method: "DELETE" });
  if (status !== 204) throw new Error(`The service answers ${status}`);
}

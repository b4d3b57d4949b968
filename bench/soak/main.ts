import { delay } from "../../src/concurrency/delay.ts";
import { join } from "@std/path";
import { ApiClient } from "../../tests/support/api_client.ts";
import { FootprintWatch } from "../../tests/support/footprint.ts";
import { kill, type Places, startIn, withPlaces } from "../../tests/support/places.ts";
import type { ServiceProcess } from "../../tests/support/service_process.ts";
import { residentMb } from "../process_memory.ts";
import { killProgram, lockDatabase } from "./faults.ts";
import { measureInPairs, type Slowdown, slowdownOf } from "./latency.ts";
import { Ledger, type LedgerCheck } from "./ledger.ts";
import { HELLO, taskOf } from "./load.ts";
import { faultsIn, type Findings, printFindings, type Window } from "./report.ts";

// Runs thousands of executions on a service while things break, and prints what was lost and how memory and latency moved:
//
//   deno task soak [executions]
//
// Two services share one scratch directory. The lasting one has three clients: programs of it are killed from outside,
// clients of it vanish, its database is locked, its workspaces are filled, and it has no Engine. The other service has one
// client, and is killed and started again. At the end the lasting service is compared with a fresh one; then both are
// killed, started again, and asked for every execution that they acknowledged.

const CLIENTS = 3;
const DEFAULT_COUNT = 10_000;
/** Windows are parts of all executions; the first begins after the warm-up. */
const WARM_UP = 0.05;
const WINDOWS = [0.1, 0.25, 0.5, 1];
const KILLS = [0.25, 0.5, 0.75];
/** How many executions lie between two of a kind. */
const EVERY = { programKill: 100, lock: 400, memorySample: 10 };
const LOCK_MS = 1_000;
const SETTLE_MS = 2_000;
const MAX_PRINTED = 20;
const SETTINGS = ["--log-level", "error", "--max-sessions", "100"];

/** A service, and the record of its answers. */
interface Subject {
  readonly places: Places;
  readonly ledger: Ledger;
  service: ServiceProcess;
}

/** How far a soak is. */
interface Progress {
  started: number;
  killedPrograms: number;
}

const count = Number(Deno.args[0] ?? DEFAULT_COUNT);
const faults: string[] = [];
await withPlaces(async (places) => {
  const findings = await soak(places);
  printFindings(findings);
  faults.push(...faultsIn(findings));
});
for (const fault of faults.slice(0, MAX_PRINTED)) Deno.stderr.writeSync(new TextEncoder().encode(`${fault}\n`));
Deno.exit(faults.length === 0 ? 0 : 1);

async function soak(places: Places): Promise<Findings> {
  const watch = new FootprintWatch(places.scratch);
  const lasting = await open(places);
  const victim = await open({ ...places, home: `${places.home}_victim` });
  for (const { service } of [lasting, victim]) watch.learn(service.process.pid);
  const windows = WINDOWS.map((part) => ({ until: Math.ceil(count * part), helloMs: [], residentMb: [] }));
  const progress = { started: 0, killedPrograms: 0 };
  const startedAt = performance.now();
  const killing = runAndKill(victim, { progress, watch });
  await Promise.all(Array.from({ length: CLIENTS }, () => runTasks(lasting, { progress, windows })));
  await killing;
  const minutes = (performance.now() - startedAt) / 60_000;
  const slowdown = await compareWithFresh(lasting, watch);
  await delay(SETTLE_MS);
  const checks = [await check(lasting, watch), await check(victim, watch)] as const;
  const services = [
    { name: "the lasting service", ledger: lasting.ledger, check: checks[0] },
    { name: `the service that was killed ${KILLS.length} times`, ledger: victim.ledger, check: checks[1] },
  ];
  const footprint = await watch.look();
  return { count, minutes, killedPrograms: progress.killedPrograms, services, footprint, windows, slowdown };
}

async function open(places: Places): Promise<Subject> {
  return { places, ledger: new Ledger(), service: await startIn(places, SETTINGS) };
}

/** One client of the lasting service. */
async function runTasks(
  { service, places, ledger }: Subject,
  { progress, windows }: { readonly progress: Progress; readonly windows: readonly Window[] },
): Promise<void> {
  const client = new ApiClient(service);
  while (progress.started < count) {
    const index = progress.started++;
    if (index % EVERY.programKill === 0 && killProgram(places.scratch)) progress.killedPrograms++;
    if (index % EVERY.lock === EVERY.lock - 1) lockDatabase(join(places.home, "codebeaker.db"), LOCK_MS);
    const task = taskOf(index);
    const startedAt = performance.now();
    await task(client, ledger);
    const window = index < count * WARM_UP ? undefined : windows.find(({ until }) => index < until);
    if (task === HELLO) window?.helloMs.push(performance.now() - startedAt);
    if (index % EVERY.memorySample === 0) window?.residentMb.push(residentMb(service.process.pid));
  }
}

/** The one client of a service that is killed during a task, and started again at once. */
async function runAndKill(
  victim: Subject,
  { progress, watch }: { readonly progress: Progress; readonly watch: FootprintWatch },
): Promise<void> {
  const kills = KILLS.map((part) => Math.ceil(part * count));
  let index = 0;
  while (progress.started < count) {
    const next = kills[0] ?? Infinity;
    const client = new ApiClient(victim.service);
    const working = taskOf(index++)(client, victim.ledger).catch((error: unknown) => {
      if (progress.started < next) victim.ledger.fault(String(error));
    });
    if (progress.started >= next) {
      kills.shift();
      await kill(victim.service);
      await working;
      victim.service = await startIn(victim.places, SETTINGS);
      watch.learn(victim.service.process.pid);
    }
    await working;
  }
}

/** Compares the latency of the lasting service with that of one that has run nothing yet. */
async function compareWithFresh({ ledger, places, service }: Subject, watch: FootprintWatch): Promise<Slowdown> {
  await using fresh = await startIn({ ...places, home: `${places.home}_fresh` }, SETTINGS);
  watch.learn(fresh.process.pid);
  const [agedClient, freshClient, freshLedger] = [new ApiClient(service), new ApiClient(fresh), new Ledger()];
  const run = { aged: () => HELLO(agedClient, ledger), fresh: () => HELLO(freshClient, freshLedger) };
  return slowdownOf(await measureInPairs(run));
}

/** Kills a service, starts it again, and asks it for every execution that it acknowledged. */
async function check(subject: Subject, watch: FootprintWatch): Promise<LedgerCheck> {
  await kill(subject.service);
  await using again = await startIn(subject.places, SETTINGS);
  watch.learn(again.process.pid);
  return await subject.ledger.check(new ApiClient(again));
}

import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { ApiClient } from "../tests/support/api_client.ts";
import { type Footprint, FootprintWatch } from "../tests/support/footprint.ts";
import { kill, type Places, startIn, withPlaces } from "../tests/support/places.ts";
import type { ServiceProcess } from "../tests/support/service_process.ts";
import { residentMb } from "./process_memory.ts";
import { Ledger } from "./soak_ledger.ts";
import { HELLO, taskOf } from "./soak_load.ts";
import { median, printTable } from "./table.ts";

// Runs thousands of executions on a service while things break, and prints what was lost and how memory and latency moved:
//
//   deno task soak [executions]
//
// Two services share one scratch directory. The lasting one has three clients and so many executions; programs of it are killed
// from outside, clients of it vanish, its database is locked, workspaces in it are filled, and it has no Engine. The other has one
// client meanwhile, and is killed and started again. At the end both are killed, and asked for all that they had told.

const CLIENTS = 3;
const DEFAULT_COUNT = 10_000;
/** What is compared begins at the 500th of 10,000, and where its windows end: parts of all executions. */
const WARM_UP = 0.05;
const WINDOWS = [0.1, 0.25, 0.5, 1];
const KILLS = [0.25, 0.5, 0.75];
/** So many executions lie between two faults of a kind, and between two looks at the memory. */
const EVERY = { program: 100, lock: 400, look: 10 };
const LOCK_MS = 1_000;
const SETTLE_MS = 2_000;
const MAX_DRIFT = 0.1;
const SETTINGS = ["--log-level", "error", "--max-sessions", "100"];

interface Window {
  readonly until: number;
  readonly hellosMs: number[];
  /** What the service held every few executions. */
  readonly residentMb: number[];
}

/** A service, what it has told, and how to reach it. */
interface Subject {
  readonly places: Places;
  readonly ledger: Ledger;
  service: ServiceProcess;
}

const count = Number(Deno.args[0] ?? DEFAULT_COUNT);
let isWell = false;
await withPlaces(async (places) => {
  const watch = new FootprintWatch(places.scratch);
  const lasting = await open(places);
  const victim = await open({ ...places, home: `${places.home}_victim` });
  for (const { service } of [lasting, victim]) watch.learn(service.process.pid);
  const windows = WINDOWS.map((part) => ({ until: Math.ceil(count * part), hellosMs: [], residentMb: [] }));
  const progress = { done: 0 };
  const startedAt = performance.now();
  const killing = killAgainAndAgain(victim, { progress, watch });
  await Promise.all(Array.from({ length: CLIENTS }, () => soak(lasting, { progress, windows })));
  await killing;
  const minutes = (performance.now() - startedAt) / 60_000;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const checks = [await check(lasting, watch), await check(victim, watch)];
  const left = await watch.look();
  isWell = report({ windows, subjects: [lasting, victim], checks, left, minutes });
});
Deno.exit(isWell ? 0 : 1);

async function open(places: Places): Promise<Subject> {
  return { places, ledger: new Ledger(), service: await startIn(places, SETTINGS) };
}

/** One client of the lasting service. */
async function soak(
  { service, places, ledger }: Subject,
  { progress, windows }: { readonly progress: { done: number }; readonly windows: Window[] },
): Promise<void> {
  const client = new ApiClient(service);
  while (progress.done < count) {
    const index = progress.done++;
    if (index % EVERY.program === 0) killProgram(places.scratch);
    if (index % EVERY.lock === EVERY.lock - 1) lockFor(LOCK_MS, join(places.home, "codebeaker.db"));
    const task = taskOf(index);
    const startedAt = performance.now();
    await task(client, ledger);
    const window = index < count * WARM_UP ? undefined : windows.find(({ until }) => index < until);
    if (task === HELLO) window?.hellosMs.push(performance.now() - startedAt);
    if (index % EVERY.look === 0) window?.residentMb.push(residentMb(service.process.pid));
  }
}

/** The one client of a service that is killed in the middle of what it does, and started again at once. */
async function killAgainAndAgain(
  victim: Subject,
  { progress, watch }: { readonly progress: { readonly done: number }; readonly watch: FootprintWatch },
): Promise<void> {
  const kills = KILLS.map((part) => Math.ceil(part * count));
  let index = 0;
  while (progress.done < count) {
    const next = kills[0] ?? Infinity;
    const client = new ApiClient(victim.service);
    const working = taskOf(index++)(client, victim.ledger).catch((error: unknown) => {
      if (progress.done < next) victim.ledger.fault(String(error));
    });
    if (progress.done >= next) {
      kills.shift();
      await kill(victim.service);
      await working;
      victim.service = await startIn(victim.places, SETTINGS);
      watch.learn(victim.service.process.pid);
    }
    await working;
  }
}

/** Any program of any service in this scratch directory. */
function killProgram(scratch: string): void {
  const names = [...Deno.readDirSync(scratch)].map(({ name }) => name);
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const isProgram = Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("deno\0run\0--no-prompt");
      const group = Deno.readTextFileSync(`/proc/${pid}/cgroup`);
      if (!isProgram || !names.some((name) => group.includes(name))) continue;
      return Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

function lockFor(ms: number, path: string): void {
  const database = new DatabaseSync(path, { timeout: LOCK_MS });
  database.exec("BEGIN IMMEDIATE");
  setTimeout(() => {
    database.exec("ROLLBACK");
    database.close();
  }, ms);
}

/** Kills a service, starts it again, and asks it for everything that it has told. */
async function check(subject: Subject, watch: FootprintWatch): Promise<Awaited<ReturnType<Ledger["check"]>>> {
  await kill(subject.service);
  await using again = await startIn(subject.places, SETTINGS);
  watch.learn(again.process.pid);
  return await subject.ledger.check(new ApiClient(again));
}

/** Prints the tables. Whether nothing was lost, nothing is left, nothing grew, and every answer was one that was to be expected. */
function report({ windows, subjects, checks, left, minutes }: {
  readonly windows: readonly Window[];
  readonly subjects: readonly Subject[];
  readonly checks: readonly { readonly ended: number; readonly lost: readonly string[] }[];
  readonly left: Footprint;
  readonly minutes: number;
}): boolean {
  const title = `What a soak of ${count} executions with faults lost, in ${minutes.toFixed(1)} minutes`;
  const names = ["the lasting service", `the service that was killed ${KILLS.length} times`];
  printTable(
    title,
    ["service", "acknowledged", "ended or interrupted", "lost", "refused, and told so", "unexpected answers"],
    subjects.map(({ ledger }, at) => ({
      name: names[at] ?? "",
      cells: [ledger.acknowledged, checks[at]?.ended, checks[at]?.lost.length, ledger.refused, ledger.unexpected.length]
        .map(String),
    })),
  );
  printTable(
    "What was left behind",
    ["kind", "left"],
    Object.entries(left).map(([name, found]) => ({ name, cells: [String(found.length)] })),
  );
  const [first] = windows;
  printTable(
    `How memory and the latency of a plain program moved (${CLIENTS + 1} clients; * beyond ${100 * MAX_DRIFT} %)`,
    ["until execution", "resident, p50", "of the first", "p50", "of the first", "p95"],
    windows.map(({ until, residentMb, hellosMs }) => ({
      name: String(until),
      cells: [
        `${median(residentMb).toFixed(0)} MB`,
        ratio(median(residentMb), median(first?.residentMb ?? [])),
        `${median(hellosMs).toFixed(1)} ms`,
        ratio(median(hellosMs), median(first?.hellosMs ?? [])),
        `${percentile95(hellosMs).toFixed(1)} ms`,
      ],
    })),
  );
  const faults = [
    ...checks.flatMap(({ lost }) => lost),
    ...subjects.flatMap(({ ledger }) => ledger.unexpected),
    ...Object.values(left).flat(),
    ...windows.flatMap((window) => driftsOf(window, windows[0])),
  ];
  for (const fault of faults.slice(0, 20)) Deno.stderr.writeSync(new TextEncoder().encode(`${fault}\n`));
  return faults.length === 0;
}

/** What moved by more than it may. */
function driftsOf({ hellosMs, residentMb, until }: Window, first: Window | undefined): string[] {
  const parts = { memory: [residentMb, first?.residentMb], latency: [hellosMs, first?.hellosMs] } as const;
  return Object.entries(parts).flatMap(([name, [now, before = []]]) => {
    const grown = median(now) / median(before);
    return grown > 1 + MAX_DRIFT ? [`${name} until execution ${until}: ${grown.toFixed(2)} of the first`] : [];
  });
}

function ratio(value: number, first: number): string {
  return `${(value / first).toFixed(2)}${value / first > 1 + MAX_DRIFT ? " *" : ""}`;
}

function percentile95(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] ?? Number.NaN;
}

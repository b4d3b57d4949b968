import { ApiClient } from "../../tests/support/api_client.ts";
import { searchPath } from "../../tests/support/runtime_host.ts";
import { median, printTable } from "../table.ts";
import { processesBelow } from "../process_cpu.ts";
import { residentMb } from "../process_memory.ts";
import { type CollectableService, type CollectedMemory, startCollectable } from "./collected_memory.ts";
import { measureInPairs, type Slowdown, slowdownOf } from "./latency.ts";

// Runs programs in isolates over HTTP with four in flight. At the end of each window it collects the service's garbage,
// and compares what memory is left with the second window's, and the latency with a fresh service's in turns, which what
// disturbs the machine meets alike:
//
//   deno task soak:computing [programs]

const CLIENTS = 4;
const DEFAULT_COUNT = 100_000;
const WINDOWS = 10;
/** Programs between two samples of memory. */
const SAMPLE_EVERY = 100;
/** The window that the others are compared with: in the first the service's code is compiled. */
const COMPARED_WITH = 1;
const MAX_GROWTH = 1.1;
/** Turns of the two services after a window, and those before the first of them, in which code is compiled. */
const TURNS = 200;
const LEARNING_TURNS = 500;
const PROGRAM = { language: "web", code: "const x = 41; console.log(x + 1);" };

/** What a part of all programs showed. */
interface Window {
  readonly ms: readonly number[];
  /** The most memory of the service at any sample, garbage included. */
  readonly highestMb: number;
  /** Of the largest process below the service, which is a slot, at most samples. */
  readonly slotMb: number;
  /** The service's memory after its end. */
  readonly left: CollectedMemory;
  /** The service by a fresh one, after its end. */
  readonly slowdown: Slowdown;
}

const count = Number(Deno.args[0] ?? DEFAULT_COUNT);
await using service = await start();
await using fresh = await start();
const clients = { aged: new ApiClient(service), fresh: new ApiClient(fresh) };
const windows: Window[] = [];
for (let index = 0; index < WINDOWS; index++) {
  const shown = await soak(Math.ceil(count / WINDOWS));
  const [left] = await Promise.all([service.collect(), fresh.collect()]);
  const inTurns = { aged: () => run(clients.aged), fresh: () => run(clients.fresh) };
  const turns = { learning: index === 0 ? LEARNING_TURNS : 0, counted: TURNS };
  windows.push({ ...shown, left, slowdown: slowdownOf(await measureInPairs(inTurns, turns)) });
}
const faults = windows.slice(COMPARED_WITH).flatMap((window, index) => faultsOf(window, index + COMPARED_WITH));
print();
for (const fault of faults) Deno.stderr.writeSync(new TextEncoder().encode(`${fault}\n`));
if (faults.length > 0) Deno.exitCode = 1;

function start(): Promise<CollectableService> {
  const PATH = searchPath().join(":");
  return startCollectable(["--log-level", "warning"], { PATH });
}

async function soak(programs: number): Promise<Omit<Window, "left" | "slowdown">> {
  const { pid } = service.process;
  const ms: number[] = [];
  const serviceMb: number[] = [];
  const slotMb: number[] = [];
  let index = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let mine = index++; mine < programs; mine = index++) {
      const askedAt = performance.now();
      await run(clients.aged);
      ms.push(performance.now() - askedAt);
      if (mine % SAMPLE_EVERY > 0) continue;
      serviceMb.push(residentMb(pid));
      slotMb.push(Math.max(...processesBelow(pid).map(residentMbOrNone)));
    }
  }));
  return { ms, highestMb: Math.max(...serviceMb), slotMb: median(slotMb) };
}

async function run(client: ApiClient): Promise<void> {
  const { stdout, ...rest } = await client.json("POST", "/v1/executions", PROGRAM);
  if (stdout !== "42\n") throw new Error(`The program printed ${JSON.stringify({ stdout, ...rest })}`);
}

/** Memory of a process; 0 where it has ended since it was found, as a slot does after 2,000 programs. */
function residentMbOrNone(pid: number): number {
  try {
    return residentMb(pid) || 0; // A process that has just ended has no memory, and no line of it.
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** What a window has come to, as multiples of the one that all are compared with. */
function growthOf({ left, slotMb }: Window) {
  const before = windows[COMPARED_WITH];
  return {
    resident: left.residentMb / (before?.left.residentMb ?? Number.NaN),
    heap: left.heapMb / (before?.left.heapMb ?? Number.NaN),
    slot: slotMb / (before?.slotMb ?? Number.NaN),
  };
}

/** Everything of a window that must not be, a line each. */
function faultsOf(window: Window, index: number): string[] {
  const { atLeast, ratio } = window.slowdown;
  const when = `after ${(index + 1) * count / WINDOWS} programs`;
  return [
    ...Object.entries(growthOf(window)).filter(([, growth]) => !(growth <= MAX_GROWTH)).map(([kind, growth]) =>
      `memory (${kind}) ${when}: ${growth.toFixed(2)} of that after ${(COMPARED_WITH + 1) * count / WINDOWS}`
    ),
    ...(atLeast <= MAX_GROWTH ? [] : [`latency ${when}: ${ratio.toFixed(2)} of a fresh service's`]),
  ];
}

function print(): void {
  const mb = (amount: number) => `${amount.toFixed(0)} MB`;
  printTable(
    `Memory during ${count} programs in isolates over HTTP, ${CLIENTS} in flight (bound: ${MAX_GROWTH} of the second window's)`,
    [
      "until program",
      "service without garbage",
      "growth",
      "its heap",
      "growth",
      "slot",
      "growth",
      "with garbage, at most",
    ],
    windows.map((window, index) => {
      const { heap, resident, slot } = growthOf(window);
      return {
        name: String((index + 1) * count / WINDOWS),
        cells: [
          ...[mb(window.left.residentMb), resident.toFixed(2), mb(window.left.heapMb), heap.toFixed(2)],
          ...[mb(window.slotMb), slot.toFixed(2), mb(window.highestMb)],
        ],
      };
    }),
  );
  printTable(
    `Latency during them, and in turns with a fresh service (bound: at least ${MAX_GROWTH})`,
    ["until program", "p50, four in flight", "by a fresh service", "at least, 97.5 %"],
    windows.map(({ ms, slowdown }, index) => ({
      name: String((index + 1) * count / WINDOWS),
      cells: [`${median(ms).toFixed(2)} ms`, slowdown.ratio.toFixed(2), slowdown.atLeast.toFixed(2)],
    })),
  );
}

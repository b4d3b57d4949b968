import { ApiClient } from "../../tests/support/api_client.ts";
import { installedDirectories } from "../../tests/support/runtime_host.ts";
import { type ServiceProcess, startServiceProcess } from "../../tests/support/service_process.ts";
import { median, printTable } from "../table.ts";
import { processesBelow } from "../process_cpu.ts";
import { residentMb } from "../process_memory.ts";
import { measureInPairs, slowdownOf } from "./latency.ts";

// Runs programs in isolates over HTTP with four in flight, and prints by windows how memory and latency moved, and how the
// latency compares with a fresh service's in turns, which what disturbs the machine meets alike:
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
const PROGRAM = { language: "web", code: "const x = 41; console.log(x + 1);" };

/** Samples of a part of all programs. */
interface Window {
  readonly ms: number[];
  readonly serviceMb: number[];
  /** Of the largest process below the service, which is a slot. */
  readonly slotMb: number[];
}

const count = Number(Deno.args[0] ?? DEFAULT_COUNT);
await using service = await start();
const startedAt = performance.now();
const windows = await soak(service);
const seconds = (performance.now() - startedAt) / 1_000;
await using fresh = await start();
const clients = { aged: new ApiClient(service), fresh: new ApiClient(fresh) };
const { atLeast, ratio } = slowdownOf(
  await measureInPairs({ aged: () => run(clients.aged), fresh: () => run(clients.fresh) }),
);
const grown = windows.slice(COMPARED_WITH).map((window) => growthOf(window));
print();
if (atLeast > MAX_GROWTH || grown.some(({ service, slot }) => service > MAX_GROWTH || slot > MAX_GROWTH)) {
  Deno.exitCode = 1;
}

function start(): Promise<ServiceProcess> {
  const PATH = [...installedDirectories(), "/usr/bin", "/bin"].join(":");
  return startServiceProcess(["--log-level", "warning"], { PATH });
}

async function soak({ process: { pid }, url }: ServiceProcess): Promise<readonly Window[]> {
  const client = new ApiClient({ url });
  const windows = Array.from({ length: WINDOWS }, (): Window => ({ ms: [], serviceMb: [], slotMb: [] }));
  let index = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let mine = index++; mine < count; mine = index++) {
      const window = windows[Math.floor(mine * WINDOWS / count)];
      const askedAt = performance.now();
      await run(client);
      window?.ms.push(performance.now() - askedAt);
      if (mine % SAMPLE_EVERY > 0) continue;
      window?.serviceMb.push(residentMb(pid));
      window?.slotMb.push(Math.max(...processesBelow(pid).map(residentMb).filter((mb) => mb > 0)));
    }
  }));
  return windows;
}

async function run(client: ApiClient): Promise<void> {
  const { stdout, ...rest } = await client.json("POST", "/v1/executions", PROGRAM);
  if (stdout !== "42\n") throw new Error(`The program printed ${JSON.stringify({ stdout, ...rest })}`);
}

/** What a window has come to, as multiples of the one that all are compared with. */
function growthOf({ ms, serviceMb, slotMb }: Window) {
  const before = windows[COMPARED_WITH];
  const times = (now: readonly number[], then: readonly number[] = []) => median(now) / median(then);
  return {
    p50: times(ms, before?.ms),
    service: times(serviceMb, before?.serviceMb),
    slot: times(slotMb, before?.slotMb),
  };
}

function print(): void {
  printTable(
    `${count} programs in isolates over HTTP, ${CLIENTS} in flight: ${(count / seconds).toFixed(0)} a second`,
    ["until program", "latency, p50", "of the second", "service", "of the second", "largest slot", "of the second"],
    windows.map((window, index) => {
      const { p50, service, slot } = growthOf(window);
      const mb = (samples: readonly number[]) => `${median(samples).toFixed(0)} MB`;
      return {
        name: String((index + 1) * count / WINDOWS),
        cells: [
          ...[`${median(window.ms).toFixed(2)} ms`, p50.toFixed(2)],
          ...[mb(window.serviceMb), service.toFixed(2), mb(window.slotMb), slot.toFixed(2)],
        ],
      };
    }),
  );
  printTable("The latency of a program, in turns with a fresh service", ["service", "ratio", "at least, 97.5 %"], [
    { name: `after ${count} programs (bound: ${MAX_GROWTH})`, cells: [ratio.toFixed(2), atLeast.toFixed(2)] },
  ]);
}

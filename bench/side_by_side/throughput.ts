import { join } from "@std/path";
import { timeBare } from "../cold_start_bench.ts";
import { median, printTable } from "../table.ts";
import { type Contender, denoContenders } from "./contenders.ts";
import { LayeredRuns } from "./layered_runs.ts";
import type { Services } from "./services.ts";

const CLIENTS = [1, 4, 16] as const;
const PROGRAMS_EACH = 80;
/** Contenders take turns, so that drift of the machine affects all of them. */
const ROUNDS = 5;

/** Programs a second, by how many clients ask one after the other without thought. */
export type Rates = Readonly<Record<"bare" | "wrapped" | "layered" | "cold" | "warm", readonly number[]>>;

/** A fresh process for each program, as many at a time as there are clients. */
export async function benchThroughput(services: Services, parent: string): Promise<Rates> {
  await using layeredRuns = await LayeredRuns.open();
  const directory = join(parent, "throughput");
  let round = 1_000_000;
  const wrapped = {
    name: "bare `deno run` within bubblewrap alone, everything unshared",
    run: () => timeBare(directory, round++, { isWrapped: true }),
  };
  const layered = { name: "bare `deno run` under the service's own layers", run: () => layeredRuns.run() };
  const { bare, cold, warm } = denoContenders(services, directory);
  const contenders = { bare, wrapped, layered, cold, warm };
  const rates: Record<keyof Rates, number[]> = { bare: [], wrapped: [], layered: [], cold: [], warm: [] };
  const keys = Object.keys(contenders) as (keyof Rates)[]; // They are the contenders' own.
  for (const clients of CLIENTS) {
    const samples: Record<keyof Rates, number[]> = { bare: [], wrapped: [], layered: [], cold: [], warm: [] };
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const key of keys) samples[key].push(await rateOf(contenders[key], clients));
    }
    for (const key of keys) rates[key].push(median(samples[key]));
  }
  printTable(
    "Programs a second, without thought",
    ["contender", ...CLIENTS.map((count) => `clients: ${count}`)],
    keys.map((key) => ({ name: contenders[key].name, cells: rates[key].map((rate) => rate.toFixed(0)) })),
  );
  return rates;
}

async function rateOf({ run }: Contender, clients: number): Promise<number> {
  const startedAt = performance.now();
  let left = PROGRAMS_EACH;
  await Promise.all(Array.from({ length: clients }, async () => {
    while (left-- > 0) await run();
  }));
  return PROGRAMS_EACH / ((performance.now() - startedAt) / 1_000);
}

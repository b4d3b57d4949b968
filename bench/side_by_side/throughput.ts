import { join } from "@std/path";
import { timeBare } from "../cold_start_bench.ts";
import { printTable } from "../table.ts";
import { type Contender, denoContenders } from "./contenders.ts";
import type { Services } from "./services.ts";

const CLIENTS = [1, 4, 16] as const;
const PROGRAMS_EACH = 160;

/** Programs a second, by how many clients ask one after the other without thought. */
export type Rates = Readonly<Record<"bare" | "wrapped" | "cold" | "warm", readonly number[]>>;

/** A fresh process for each program, as many at a time as there are clients. */
export async function benchThroughput(services: Services, parent: string): Promise<Rates> {
  const directory = join(parent, "throughput");
  let round = 1_000_000;
  const wrapped = {
    name: "bare `deno run` within bubblewrap, everything unshared",
    run: () => timeBare(directory, round++, { isWrapped: true }),
  };
  const { bare, cold, warm } = denoContenders(services, directory);
  const contenders = { bare, wrapped, cold, warm };
  const rates: Record<keyof Rates, number[]> = { bare: [], wrapped: [], cold: [], warm: [] };
  for (const clients of CLIENTS) {
    for (const key of ["bare", "wrapped", "cold", "warm"] as const) {
      rates[key].push(await rateOf(contenders[key], clients));
    }
  }
  printTable(
    "Programs a second, without thought",
    ["contender", ...CLIENTS.map((count) => `clients: ${count}`)],
    Object.entries(contenders).map(([key, { name }]) => ({
      name,
      cells: rates[key as keyof Rates].map((rate) => rate.toFixed(0)), // It is one of the contenders' keys.
    })),
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

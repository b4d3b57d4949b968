import { delay } from "../src/concurrency/delay.ts";
import { ISOLATE_ATTACKS } from "../tests/attacks/isolate_attacks.ts";
import { EAGER_POOL } from "../tests/support/eager_pool.ts";
import { type OpenIsolate, openIsolate } from "../tests/support/open_isolate.ts";
import { median, printTable, quantile } from "./table.ts";
import type { Target } from "./targets.ts";

/** How long an attack runs at most, and the time without any, in ms. */
const ATTACK_MS = 500;
const QUIET_MS = 5_000;
/** The pause between two honest programs, in ms. */
const PAUSE_MS = 10;
const LIMITS = { memoryMb: 64, maxTotalOutputBytes: 1_000_000, timeoutMs: ATTACK_MS };
const HONEST = { "main.js": "console.log([1, 2, 3].map((n) => n * 2).join());" };

/** Measures how long the honest programs of a tenant take while another tenant's programs attack. */
export async function benchNeighbours(): Promise<Target[]> {
  await using isolate = await openIsolate({ pool: EAGER_POOL });
  if (!isolate.availability.available) return [];
  await timesDuring(isolate, () => delay(QUIET_MS / 5)); // Its code is compiled.
  const alone = await timesDuring(isolate, () => delay(QUIET_MS));
  const beside = await timesDuring(isolate, async () => {
    for (const { code } of ISOLATE_ATTACKS) {
      await isolate.run({ files: { "main.js": code }, tenant: "attacker", limits: LIMITS });
    }
  });
  const waitMs = Math.max(...beside) - median(alone);
  const cellsOf = (times: readonly number[]) => [
    String(times.length),
    ...[median(times), quantile(times, 0.99), Math.max(...times)].map((ms) => `${ms.toFixed(2)} ms`),
  ];
  printTable("Honest programs in isolates", ["beside", "programs", "p50", "p99", "longest"], [
    { name: "nothing", cells: cellsOf(alone) },
    { name: `${ISOLATE_ATTACKS.length} attacks of another tenant, one after the other`, cells: cellsOf(beside) },
  ]);
  return [{
    id: "P12",
    work: "isolates: the longest wait of an honest program while another tenant attacks",
    unit: "ms",
    measured: waitMs,
    atMost: 50,
  }];
}

/** The times in ms of honest programs during some work. @throws {Error} where one fails */
async function timesDuring(isolate: OpenIsolate, work: () => Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const working = work().finally(() => isOver = true);
  const times: number[] = [];
  while (!isOver) {
    const startedAt = performance.now();
    const { outcome, stdout } = await isolate.run({ files: HONEST, tenant: "neighbour" });
    times.push(performance.now() - startedAt);
    if (stdout !== "2,4,6\n") throw new Error(`An honest program ended with ${JSON.stringify(outcome)}`);
    await delay(PAUSE_MS);
  }
  await working;
  return times;
}

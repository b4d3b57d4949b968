import { delay } from "../src/concurrency/delay.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { searchPath } from "../tests/support/runtime_host.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { PROGRAMS } from "./programs.ts";
import { checkEnd } from "./side_by_side/services.ts";
import { median, printTable } from "./table.ts";

/** Rests of each service. */
const RESTS = 3;
/** Programs before the first rest, and after each. */
const PROGRAMS_EACH = 20;
/** The pause of a client that thinks, in ms. */
const THOUGHT_MS = 60;
/** A rest, in ms. The checks of all runtimes are due after it. */
const REST_MS = 33_000;
/** A pause in which those checks of one service are over before the next is measured, in ms. */
const CHECKS_MS = 3_000;

/** Compares the first program after a rest with those that follow it. */
export async function benchRested(): Promise<void> {
  await using services = new AsyncDisposableStack();
  const runs: (() => Promise<number>)[] = [];
  for (let count = 0; count < 2; count++) {
    const PATH = searchPath().join(":");
    const client = new ApiClient(services.use(await startServiceProcess([], { PATH })));
    const request = { language: "typescript", code: PROGRAMS.typescript };
    runs.push(async () => {
      const askedAt = performance.now();
      checkEnd(await client.json("POST", "/v1/executions", request));
      return performance.now() - askedAt;
    });
  }
  const work = async (run: () => Promise<number>): Promise<number[]> => {
    const times: number[] = [];
    for (let count = 0; count < PROGRAMS_EACH; count++) {
      times.push(await run());
      await delay(THOUGHT_MS);
    }
    return times;
  };
  const [first, next]: [number[], number[]] = [[], []];
  for (const run of runs) await work(run);
  for (let rest = 0; rest < RESTS; rest++) {
    await delay(REST_MS);
    for (const run of runs) {
      const [firstMs = NaN, ...nextMs] = await work(run);
      first.push(firstMs);
      next.push(...nextMs);
      await delay(CHECKS_MS);
    }
  }
  printTable(
    `A program after a rest of ${REST_MS / 1_000} s`,
    ["program", "p50", "longest"],
    [{ name: "the first", times: first }, { name: "those that follow it", times: next }].map(({ name, times }) => ({
      name,
      cells: [median(times), Math.max(...times)].map((ms) => `${ms.toFixed(2)} ms`),
    })),
  );
}

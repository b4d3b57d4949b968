import { parseSelectionRequest } from "../src/core/requests/selection_request.ts";
import type { ExecutionRuntime } from "../src/runtimes/port.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { RuntimeSelector } from "../src/runtimes/selection/selector.ts";
import { fakeRuntime } from "../tests/support/fake_runtime.ts";
import { printTable } from "./table.ts";

const ROUNDS = 20_000;

/** The most samples that the profile keeps. */
const SAMPLES = 128;

function record(selector: RuntimeSelector, runtime: ExecutionRuntime, startupMs: number): void {
  selector.profileOf(runtime).record({ language: "typescript", path: "cold", startupMs, peakMemoryBytes: 8e6 });
}

/** Measures one selection among as many runtimes as there are. */
export async function benchSelector(): Promise<void> {
  const runtimes = RUNTIMES.map(({ name }, index) =>
    fakeRuntime({ name, startupTimeMs: 10 * (index + 1), memoryOverheadMB: 100 - index, isolationLevel: 7 + index % 3 })
  );
  const selector = new RuntimeSelector(runtimes, { minIsolation: 7 });
  const request = parseSelectionRequest({ language: "typescript" });
  await selector.rank(request);
  for (const runtime of runtimes) {
    for (let index = 0; index < SAMPLES; index++) record(selector, runtime, 20 + index % 7);
  }
  const [first] = runtimes;
  if (first === undefined) return;
  const startedAt = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    record(selector, first, 20 + round % 7);
    await selector.rank(request);
  }
  const each = (performance.now() - startedAt) / ROUNDS;
  printTable("Selector", ["work", "time"], [
    {
      name:
        `one selection among ${runtimes.length} measured runtimes, and what an execution adds to its runtime's figures (bound: 0.1 ms)`,
      cells: [`${each.toFixed(4)} ms`],
    },
  ]);
}

import { delay } from "../src/concurrency/delay.ts";
import type { Context } from "../src/contexts/context.ts";
import { Contexts } from "../src/contexts/contexts.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../src/runtimes/port.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { DIALECTS } from "../tests/support/dialects/mod.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { median, printTable, quantile } from "./table.ts";

const LANGUAGE = "python";
const ROUNDS = 10;
const CELLS = 200;
/** How long a cell that is interrupted runs before. */
const RUNS_MS = 100;

/** Cells that never end, by what they do. */
const ENDLESS = {
  computes: "while True: pass",
  "looks for a pattern": "import re\nre.match(r'(a+)+$', 'a' * 50 + 'b')",
  sleeps: "import time\ntime.sleep(1000)",
  awaits: "import asyncio\nawait asyncio.sleep(1000)",
};

/** Measures contexts of every runtime that has them in Python: opening them, their cells, and how soon an interrupt ends one. */
export async function benchPythonContexts(): Promise<void> {
  await using host = await openRuntimeHost();
  for (const entry of RUNTIMES) {
    if (!entry.facts(host).contextEnvironments.includes(LANGUAGE)) continue;
    const title = `A context of Python on ${entry.name}, without HTTP`;
    await using runtime = (await entry.load()).create(host);
    const availability = await runtime.isAvailable(LANGUAGE);
    if (availability.available) print(title, await measure(runtime));
    else printTable(title, ["figure"], [{ name: availability.reason, cells: [] }]);
  }
}

/** Times in ms. */
interface Samples {
  readonly opening: number[];
  readonly cells: number[];
  /** By what the cell does. */
  readonly interrupts: Record<string, number[]>;
}

async function measure(runtime: Pick<ExecutionRuntime, "createEnvironment">): Promise<Samples> {
  await using environment = await runtime.createEnvironment(configureEnvironment(LANGUAGE));
  const { declare, use } = DIALECTS[LANGUAGE]?.cells ?? { declare: "", use: "" };
  const samples: Samples = { opening: [], cells: [], interrupts: {} };
  for (let round = 0; round < ROUNDS; round++) {
    await using contexts = new Contexts();
    const openedAt = performance.now();
    const context = await open(contexts, environment);
    samples.opening.push(performance.now() - openedAt);
    await run(context, declare);
    for (let count = 0; count < CELLS; count++) {
      const startedAt = performance.now();
      const { value } = await run(context, use);
      if (value !== 42) throw new Error(`The cell came to ${JSON.stringify(value)}`);
      samples.cells.push(performance.now() - startedAt);
    }
    for (const [what, code] of Object.entries(ENDLESS)) {
      const running = run(context, code);
      await delay(RUNS_MS);
      const interruptedAt = performance.now();
      context.interrupt();
      const { contextLost } = await running;
      if (contextLost) throw new Error(`A cell that ${what} has lost its context`);
      (samples.interrupts[what] ??= []).push(performance.now() - interruptedAt);
    }
  }
  return samples;
}

function print(title: string, { cells, interrupts, opening }: Samples): void {
  const row = (name: string, samples: readonly number[], bound: string) => ({
    name,
    cells: [`${median(samples).toFixed(2)} ms`, `${quantile(samples, 0.95).toFixed(2)} ms`, bound],
  });
  printTable(title, ["figure", "p50", "p95", "bound of p50"], [
    row("opening it", opening, "none"),
    row("a cell", cells, "2 ms"),
    ...Object.entries(interrupts).map(([what, ms]) => row(`an interrupt of a cell that ${what}`, ms, "100 ms")),
  ]);
}

async function open(contexts: Contexts, environment: ExecutionEnvironment): Promise<Context> {
  const { id } = await contexts.open(environment, {
    language: LANGUAGE,
    limits: DEFAULT_LIMITS,
    lifetimeMs: 600_000,
    createdAt: 0,
    memory: { [Symbol.dispose]() {} },
  });
  return contexts.get(id);
}

function run(context: Context, code: string): ReturnType<Context["run"]> {
  return context.run({ code }, { limits: DEFAULT_LIMITS });
}

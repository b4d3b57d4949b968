import { residentMb } from "../process_memory.ts";
import { median, printTable } from "../table.ts";
import { PROGRAMS } from "../programs.ts";
import { execute, type Services } from "./services.ts";

const EXECUTIONS = 10_000;
const CLIENTS = 4;
/** The windows of samples: from the 500th execution, and up to the last. */
const FIRST = 500;
const WINDOW = 500;

/** Figures at the 10,000th execution as multiples of those at the 500th. */
export interface Endurance {
  readonly p50: number;
  readonly memory: number;
}

/** Measures whether the service gets slower or larger over time. */
export async function benchEndurance({ warm, warmProcess: { process: { pid } } }: Services): Promise<Endurance> {
  const samples: number[] = [];
  const memoryMb: number[] = [];
  let left = EXECUTIONS;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await execute(warm, { language: "typescript", runtime: "deno", code: PROGRAMS.typescript });
      samples.push(performance.now() - startedAt);
      memoryMb.push(residentMb(pid));
    }
  }));
  const early = figuresOf(FIRST);
  const late = figuresOf(EXECUTIONS - WINDOW);
  const row = (name: string, { ms, mb }: typeof early) => ({
    name,
    cells: [`${ms.toFixed(1)} ms`, `${mb.toFixed(0)} MB`],
  });
  printTable(`${EXECUTIONS} executions by ${CLIENTS} clients`, ["when", "p50", "the service's memory"], [
    row(`from the ${FIRST}th`, early),
    row(`up to the ${EXECUTIONS}th`, late),
  ]);
  return { p50: late.ms / early.ms, memory: late.mb / early.mb };

  function figuresOf(from: number) {
    const window = <Value>(values: readonly Value[]) => values.slice(from, from + WINDOW);
    return { ms: median(window(samples)), mb: median(window(memoryMb)) };
  }
}

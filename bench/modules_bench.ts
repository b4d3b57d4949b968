import { delay } from "../src/concurrency/delay.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import type { LoadedRuntime } from "../src/runtimes/port.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { EAGER_POOL } from "../tests/support/eager_pool.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { proportionalMb } from "./process_memory.ts";
import { benchSubjects } from "./subjects.ts";
import { median, printTable, quantile } from "./table.ts";
import type { Target } from "./targets.ts";

const ROUNDS = 40;
/** Longest without a request before each module, in ms. */
const IDLE_MS = 300;
/** Times in ms, and memory in MB. */
interface Life {
  readonly readyMs: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly endMs: number;
  readonly waitingMb: number;
}

/** What is measured of a language, with the bounds of what must be reached. */
interface Contender {
  readonly language: string;
  readonly title: string;
  /** The end of the path of the file that its process begins with. */
  readonly main: string;
  /** A program that prints a word; absent, a compiler makes it. */
  readonly code?: string;
  /** The bounds of p50 by figure, in its unit or in words. */
  readonly bounds: Readonly<Record<keyof Life, number | string>>;
  /** The target of the design that has those bounds; absent, none. */
  readonly target?: Target["id"];
}

/** The figures of a life, by what they measure. */
const FIGURES: Readonly<Record<keyof Life, { readonly work: string; readonly unit: "ms" | "MB" }>> = {
  readyMs: { work: "a process is ready for one", unit: "ms" },
  firstMs: { work: "first byte, warm", unit: "ms" },
  lastMs: { work: "last byte, warm", unit: "ms" },
  endMs: { work: "its end, warm", unit: "ms" },
  waitingMb: { work: "memory of a process that waits", unit: "MB" },
};

const CONTENDERS: readonly Contender[] = [
  {
    language: "wasm",
    title: "A module of WebAssembly",
    main: "/wasi.js",
    bounds: { readyMs: "declared: 70 ms", firstMs: "3 ms", lastMs: "none", endMs: "8 ms", waitingMb: "16 MB" },
  },
  {
    language: "python",
    title: "Python on WebAssembly",
    main: "/python/main.js",
    code: 'print("hello")',
    bounds: { readyMs: 350, firstMs: 5, lastMs: 6, endMs: "none", waitingMb: 90 },
    target: "P11",
  },
  {
    language: "php",
    title: "PHP on WebAssembly",
    main: "/php/main.js",
    code: '<?php echo "hello";',
    bounds: { readyMs: "600 ms", firstMs: "none", lastMs: "none", endMs: "none", waitingMb: "102 MB" },
  },
];

/** Measures programs of WebAssembly that meet a process which waits for any of their language. */
export async function benchModules(): Promise<Target[]> {
  const subject = (await benchSubjects()).find(({ language }) => language === "wasm");
  if (subject === undefined) {
    printTable("WebAssembly", ["figure"], [{ name: "nothing compiles modules", cells: [] }]);
    return [];
  }
  const targets: Target[] = [];
  await using host = await openRuntimeHost({ pool: EAGER_POOL });
  await using runtime = (await subject.entry.load()).create(host);
  for (const contender of CONTENDERS) {
    const { code, language, title } = contender;
    const program = code === undefined ? subject.program : new TextEncoder().encode(code);
    const availability = await runtime.isAvailable(language);
    if (availability.available) targets.push(...await benchLanguage(runtime, contender, program));
    else printTable(title, ["figure"], [{ name: availability.reason, cells: [] }]);
  }
  return targets;
}

async function benchLanguage(
  runtime: LoadedRuntime,
  contender: Contender,
  program: Uint8Array<ArrayBuffer>,
): Promise<Target[]> {
  const { bounds, target: id, title } = contender;
  const lives: Life[] = [];
  for (let round = 0; round < ROUNDS; round++) lives.push(await timeLife(runtime, contender, program));
  const names: readonly (keyof Life)[] = ["readyMs", "firstMs", "lastMs", "endMs", "waitingMb"];
  const figures = names.map((name) => {
    const samples = lives.map((life) => life[name]);
    return { ...FIGURES[name], bound: bounds[name], p50: median(samples), p95: quantile(samples, 0.95) };
  });
  const rows = figures.map(({ bound, p50, p95, unit, work }) => ({
    name: work,
    cells: [
      `${p50.toFixed(1)} ${unit}`,
      `${p95.toFixed(1)} ${unit}`,
      typeof bound === "number" ? `${bound} ${unit}` : bound,
    ],
  }));
  printTable(title, ["figure", "p50", "p95", "bound of p50"], rows);
  if (id === undefined) return [];
  return figures.flatMap(({ bound, p50, unit, work }): Target[] =>
    typeof bound === "number" ? [{ id, work: `${title}: ${work}`, unit, measured: p50, atMost: bound }] : []
  );
}

async function timeLife(
  runtime: LoadedRuntime,
  { language, main }: Contender,
  program: Uint8Array<ArrayBuffer>,
): Promise<Life> {
  const askedAt = performance.now();
  const config = configureEnvironment(language, { singleUse: true, runsMainFile: true });
  await using environment = await runtime.createEnvironment(config);
  const readyMs = performance.now() - askedAt;
  await delay(IDLE_MS);
  const waitingMb = Math.max(...memoryOfWaiting(main));
  const startedAt = performance.now();
  const path = environment.mainFile();
  await environment.files.write(path, program);
  const handle = await environment.run({ kind: "file", path, args: [] }, { env: {}, limits: DEFAULT_LIMITS });
  handle.stdin.close().catch(() => {}); // It has ended already.
  const bytesAt: number[] = [];
  for await (const _ of handle.output) bytesAt.push(performance.now() - startedAt);
  await handle.outcome;
  const [firstMs = Number.NaN] = bytesAt;
  return { readyMs, firstMs, lastMs: bytesAt.at(-1) ?? Number.NaN, endMs: performance.now() - startedAt, waitingMb };
}

/**
 * Memory in MB of the processes that wait for a program. The launchers before them have the same command line, and another
 * name.
 */
function memoryOfWaiting(main: string): number[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      return words[1] === "run" && words.some((word) => word.endsWith(main)) ? [proportionalMb(Number(name))] : [];
    } catch {
      return []; // It is gone, or no process.
    }
  });
}

import { delay } from "../src/concurrency/delay.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import type { ExecutionRuntime } from "../src/runtimes/port.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { EAGER_POOL } from "../tests/support/eager_pool.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { proportionalMb } from "./process_memory.ts";
import { benchSubjects } from "./subjects.ts";
import { median, printTable } from "./table.ts";

const ROUNDS = 40;
/** Longest without a request before each module, in ms. */
const IDLE_MS = 300;
/** The file that a process of a module begins with. */
const MAIN = "wasi.js";

/** Times in ms, and memory in MB. */
interface Life {
  readonly readyMs: number;
  readonly firstMs: number;
  readonly endMs: number;
  readonly waitingMb: number;
}

/** Measures a module of WebAssembly that meets a process which waits for any. */
export async function benchModules(): Promise<void> {
  const subject = (await benchSubjects()).find(({ language }) => language === "wasm");
  if (subject === undefined) {
    return printTable("WebAssembly", ["figure"], [{ name: "nothing compiles modules", cells: [] }]);
  }
  await using host = await openRuntimeHost({ pool: EAGER_POOL });
  await using runtime = (await subject.entry.load()).create(host);
  await runtime.isAvailable();
  const lives: Life[] = [];
  for (let round = 0; round < ROUNDS; round++) lives.push(await timeLife(runtime, subject.program));
  const row = (name: string, what: keyof Life, unit: string) => {
    const samples = lives.map((life) => life[what]).toSorted((a, b) => a - b);
    const p95 = samples[Math.floor(samples.length * 0.95)] ?? Number.NaN;
    return { name, cells: [`${median(samples).toFixed(1)} ${unit}`, `${p95.toFixed(1)} ${unit}`] };
  };
  printTable("A module of WebAssembly", ["figure", "p50", "p95"], [
    row("a process is ready for one (declared: 70 ms)", "readyMs", "ms"),
    row("first byte, warm (bound: 3 ms)", "firstMs", "ms"),
    row("its end, warm (bound: 8 ms)", "endMs", "ms"),
    row("memory of a process that waits (bound: 16 MB)", "waitingMb", "MB"),
  ]);
}

async function timeLife(runtime: ExecutionRuntime, program: Uint8Array<ArrayBuffer>): Promise<Life> {
  const askedAt = performance.now();
  const config = configureEnvironment("wasm", { singleUse: true, runsMainFile: true });
  await using environment = await runtime.createEnvironment(config);
  const readyMs = performance.now() - askedAt;
  await delay(IDLE_MS);
  const waitingMb = Math.max(...waitingProcesses().map(proportionalMb));
  const startedAt = performance.now();
  const path = environment.mainFile();
  await environment.files.write(path, program);
  const handle = await environment.run({ kind: "file", path, args: [] }, { env: {}, limits: DEFAULT_LIMITS });
  handle.stdin.close().catch(() => {}); // It has ended already.
  let firstMs: number | undefined;
  for await (const _ of handle.output) firstMs ??= performance.now() - startedAt;
  await handle.outcome;
  return { readyMs, firstMs: firstMs ?? Number.NaN, endMs: performance.now() - startedAt, waitingMb };
}

/** The processes that wait for a module: the launchers before them have the same command line, and another name. */
function waitingProcesses(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
      return words[1] === "run" && words.some((word) => word.endsWith(`/${MAIN}`));
    } catch {
      return false; // It is gone, or no process.
    }
  });
}

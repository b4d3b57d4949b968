import type { Execution } from "../src/core/execution.ts";
import { delay } from "../src/concurrency/delay.ts";
import { EAGER_POOL } from "../tests/support/eager_pool.ts";
import { openIsolate } from "../tests/support/open_isolate.ts";
import { searchPath } from "../tests/support/runtime_host.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { timeBare } from "./cold_start_bench.ts";
import { cpuMsBelow, cpuMsOf, ownCpuMs } from "./process_cpu.ts";
import { median, printTable } from "./table.ts";
import type { Target } from "./targets.ts";

/** How many programs are under way at a time. */
const IN_FLIGHT = [1, 4, 16, 64] as const;
/** Programs of a turn: of what starts a process for each, and of what does not. */
const PROGRAMS = { process: 48, isolate: 384 } as const;
/** Contenders take turns, so that drift of the machine affects all of them. */
const ROUNDS = 3;
/** The pause of a client that thinks: what is prepared for the next program is ready then. */
const THOUGHT_MS = 20;
const THOUGHTFUL = 60;

/** A program that only computes: its language's surface is met by every runtime. */
const CODE = "console.log(`${40 + 2}`);";
const EXPECTED = "42\n";

/** A way to run the program. */
interface Contender {
  readonly name: string;
  readonly programs: number;
  run(): Promise<unknown>;
  /** Processor time so far of the processes that run programs, in ms. */
  cpuMs(): number;
}

/** What one contender showed. */
interface Shown {
  /** Programs a second, by {@link IN_FLIGHT}. */
  readonly rates: readonly number[];
  /** The p50 in ms, one at a time. */
  readonly p50: number;
  /** The same after a thought. */
  readonly thoughtfulP50: number;
  /** Processor time of a program with 4 in flight, in ms. */
  readonly cpuMs: number;
}

/** Compares programs that only compute, in a slot and over HTTP, with what starts a process for each, and with QuickJS. */
export async function benchComputing(): Promise<Target[]> {
  const directory = await Deno.makeTempDir();
  await using isolate = await openIsolate({ pool: EAGER_POOL });
  await using service = await startServiceProcess(["--log-level", "warning", "--max-concurrent", "64"], {
    PATH: searchPath().join(":"),
  });
  const { url, process: { pid } } = service;
  const overHttp = (runtime: string, programs: number): Contender => ({
    name: `over HTTP, \`${runtime}\``,
    programs,
    run: () => ask(url, runtime),
    cpuMs: () => cpuMsOf(pid),
  });
  await using smallest = await startSmallestServer();
  const beside = { programs: PROGRAMS.process, cpuMs: () => cpuMsBelow(Deno.pid, { except: pid }) };
  let round = 0;
  const program = { files: { "main.ts": CODE }, language: "typescript", tenant: "bench" };
  const contenders: Record<string, Contender> = {
    bare: { ...beside, name: "bare `deno run`", run: () => timeBare(directory, round++) },
    deno: overHttp("deno", PROGRAMS.process),
    quickjs: {
      name: "QuickJS in WebAssembly, in the bench's own process, a context for each",
      programs: PROGRAMS.isolate,
      run: await openQuickJs(),
      cpuMs: ownCpuMs,
    },
  };
  if (isolate.availability.available) {
    contenders["slot"] = {
      ...beside,
      name: "in a slot, without HTTP",
      programs: PROGRAMS.isolate,
      run: async () => check(await isolate.run(program)),
    };
    contenders["http"] = overHttp("isolate", PROGRAMS.isolate);
    contenders["smallest"] = {
      name: "the smallest HTTP server, which runs no program",
      programs: PROGRAMS.isolate,
      run: () => ask(smallest.url, "isolate"),
      cpuMs: () => cpuMsOf(smallest.pid),
    };
  }
  const shown = await measure(contenders);
  await Deno.remove(directory, { recursive: true });
  print(contenders, shown);
  const { bare, http, slot, smallest: least } = shown;
  if (bare === undefined || http === undefined || slot === undefined || least === undefined) return [];
  await printAdded(url, smallest.url);
  const leastMs = slot.thoughtfulP50 + least.thoughtfulP50;
  printTable(
    "A one-shot in an isolate after a thought, p50",
    ["figure", "p50", "by a bare `deno run`"],
    [
      { name: "in a slot, and over the smallest HTTP server: the least that it can take", ms: leastMs },
      { name: "over HTTP (bound: 0.12)", ms: http.thoughtfulP50 },
    ].map(({ ms, name }) => ({ name, cells: [`${ms.toFixed(2)} ms`, (ms / bare.thoughtfulP50).toFixed(3)] })),
  );
  return targetsOf({ bare, http, slot });
}

/** Prints what the service adds to a program in an isolate, without and with thoughts. */
async function printAdded(url: string, smallestUrl: string): Promise<void> {
  const columns: number[][] = [];
  for (const thoughtMs of [0, THOUGHT_MS]) {
    const own: number[] = [];
    const all: number[] = [];
    const least: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const count = thoughtMs === 0 ? PROGRAMS.isolate : THOUGHTFUL / ROUNDS;
      const run = async () => {
        const { usage: { startupMs, wallMs } } = await ask(url, "isolate");
        own.push(startupMs + wallMs);
      };
      all.push(...await timesOf(run, count, thoughtMs));
      least.push(...await timesOf(() => ask(smallestUrl, "isolate"), count, thoughtMs));
    }
    const rest = all.map((ms, index) => ms - (own[index] ?? NaN));
    columns.push([...[all, own, least].map(median), median(rest) - median(least)]);
  }
  printTable(
    "What the service adds to a program in an isolate, p50 in ms",
    ["figure", "back to back", "after a thought"],
    [
      "over HTTP",
      "its program (`usage.startupMs` + `usage.wallMs`)",
      "the smallest HTTP server",
      "over HTTP, less its program and the smallest server (bound, back to back: 0.4)",
    ].map((name, row) => ({ name, cells: columns.map((figures) => (figures[row] ?? NaN).toFixed(2)) })),
  );
}

async function measure(contenders: Readonly<Record<string, Contender>>): Promise<Record<string, Shown>> {
  const all = Object.entries(contenders);
  const collected = all.map(([key, contender]) => ({
    key,
    contender,
    rates: IN_FLIGHT.map(() => [] as number[]),
    times: [] as number[],
    thoughtful: [] as number[],
    cpuMs: [] as number[],
  }));
  for (let turn = 0; turn <= ROUNDS; turn++) {
    for (const [level, inFlight] of IN_FLIGHT.entries()) {
      for (const { contender, cpuMs, rates, thoughtful, times } of collected) {
        const before = contender.cpuMs();
        const { perSecond, ms } = await runMany(contender, inFlight);
        if (turn === 0) continue; // The first turn warms up.
        rates[level]?.push(perSecond);
        if (inFlight === 4) cpuMs.push((contender.cpuMs() - before) / contender.programs);
        if (inFlight > 1) continue;
        times.push(...ms);
        thoughtful.push(...await timesOf(contender.run, THOUGHTFUL / ROUNDS, THOUGHT_MS));
      }
    }
  }
  return Object.fromEntries(collected.map(({ cpuMs, key, rates, thoughtful, times }) => [key, {
    rates: rates.map(median),
    p50: median(times),
    thoughtfulP50: median(thoughtful),
    cpuMs: median(cpuMs),
  }]));
}

async function runMany(
  { programs, run }: Contender,
  inFlight: number,
): Promise<{ readonly perSecond: number; readonly ms: readonly number[] }> {
  const ms: number[] = [];
  const startedAt = performance.now();
  let left = programs;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left-- > 0) ms.push(...await timesOf(run, 1));
  }));
  return { perSecond: programs / ((performance.now() - startedAt) / 1_000), ms };
}

async function timesOf(run: () => Promise<unknown>, count: number, thoughtMs = 0): Promise<number[]> {
  const ms: number[] = [];
  for (let index = 0; index < count; index++) {
    if (thoughtMs > 0) await delay(thoughtMs);
    const startedAt = performance.now();
    await run();
    ms.push(performance.now() - startedAt);
  }
  return ms;
}

function print(contenders: Readonly<Record<string, Contender>>, shown: Readonly<Record<string, Shown>>): void {
  const rows = Object.entries(shown).map(([key, { cpuMs, p50, rates, thoughtfulP50 }]) => ({
    name: contenders[key]?.name ?? key,
    cells: [...rates.map((rate) => rate.toFixed(0)), ...[p50, thoughtfulP50, cpuMs].map((ms) => ms.toFixed(2))],
  }));
  const columns = [...IN_FLIGHT.map((count) => `a second, in flight: ${count}`), "p50, ms", "after a thought, ms"];
  printTable("Programs that only compute", ["contender", ...columns, "CPU-ms a program"], rows);
}

function targetsOf({ bare, http, slot }: Readonly<Record<"bare" | "http" | "slot", Shown>>): Target[] {
  const atFour = IN_FLIGHT.indexOf(4);
  const faster = ({ rates }: Shown) => (rates[atFour] ?? 0) / (bare.rates[atFour] ?? 0);
  const target = (work: string, rest: Pick<Target, "unit" | "measured" | "atMost" | "atLeast">): Target => ({
    id: "P12",
    work: `isolates: ${work}`,
    ...rest,
  });
  const times = (work: string, measured: number, atMost: number) => target(work, { unit: "×", measured, atMost });
  return [
    target("programs a second in slots, 4 in flight, by bare `deno run`", {
      unit: "×",
      measured: faster(slot),
      atLeast: 8,
    }),
    target("programs a second over HTTP, 4 in flight, by bare `deno run`", {
      unit: "×",
      measured: faster(http),
      atLeast: 5,
    }),
    times("one in a slot, back to back, by a bare `deno run`", slot.p50 / bare.p50, 0.111),
    times("one in a slot after a thought, by a bare `deno run`", slot.thoughtfulP50 / bare.thoughtfulP50, 0.067),
    times("one-shot over HTTP, by a bare `deno run`", http.thoughtfulP50 / bare.thoughtfulP50, 0.12),
    target("processor time of a program in a slot", { unit: "ms", measured: slot.cpuMs, atMost: 1.9 }),
  ];
}

/** Runs the program in a context of QuickJS; it is a contender of benches alone. */
async function openQuickJs(): Promise<() => Promise<void>> {
  const { newQuickJSWASMModuleFromVariant } = await import("quickjs-emscripten-core");
  const quickJs = await newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-wasmfile-release-sync"));
  return () => {
    let stdout = "";
    const context = quickJs.newContext();
    const log = context.newFunction("log", (text) => void (stdout += `${context.getString(text)}\n`));
    const console = context.newObject();
    context.setProp(console, "log", log);
    context.setProp(context.global, "console", console);
    context.unwrapResult(context.evalCode(CODE)).dispose();
    for (const made of [log, console, context]) made.dispose();
    check({ stdout });
    return Promise.resolve();
  };
}

/** Starts a server that reads each request and answers what {@link ask} expects, and does nothing else. */
async function startSmallestServer(): Promise<AsyncDisposable & { readonly url: string; readonly pid: number }> {
  const answer = JSON.stringify({ stdout: EXPECTED, padding: "x".repeat(400) }); // As long as an execution.
  const code = `Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
    async (request) => (await request.json(), Response.json(${answer})));`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stdout = process.stdout.getReader();
  const port = new TextDecoder().decode((await stdout.read()).value).trim();
  return {
    url: `http://127.0.0.1:${port}`,
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      process.kill();
      await Promise.all([stdout.cancel(), process.status]);
    },
  };
}

async function ask(url: string, runtime: string): Promise<Pick<Execution, "usage">> {
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    body: JSON.stringify({ language: "typescript", code: CODE, runtime }),
  });
  const execution = await response.json();
  check(execution);
  return execution;
}

/** @throws {Error} where a program has printed something else */
function check({ stdout }: { readonly stdout: string }): void {
  if (stdout !== EXPECTED) throw new Error(`The program printed ${JSON.stringify(stdout)}`);
}

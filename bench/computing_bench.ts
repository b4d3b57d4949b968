import { installedDirectories } from "../tests/support/runtime_host.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { timeBare } from "./cold_start_bench.ts";
import { median, printTable } from "./table.ts";

/** How many programs are under way at a time. */
const IN_FLIGHT = [1, 4, 16, 64] as const;
const PROGRAMS_EACH = 128;
/** Contenders take turns, so that drift of the machine affects all of them. */
const ROUNDS = 5;

/** A program that only computes: its language's surface is met by every runtime. */
const PROGRAM = { language: "typescript", code: "console.log(`${40 + 2}`);" };

/** Compares programs that only compute, over HTTP, on what starts a process for each and in isolates. */
export async function benchComputing(): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using service = await startServiceProcess(["--log-level", "warning", "--max-concurrent", "64"], {
    PATH: [...installedDirectories(), "/usr/bin", "/bin"].join(":"),
  });
  let round = 0;
  const contenders: Record<string, () => Promise<unknown>> = {
    "bare `deno run`": () => timeBare(directory, round++),
    "over HTTP, `deno`": () => run(service.url, "deno"),
  };
  if (await isAvailable(service.url, "isolate")) {
    contenders["over HTTP, `isolate`"] = () => run(service.url, "isolate");
  }
  const rates = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (const inFlight of IN_FLIGHT) {
    const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const [name, one] of Object.entries(contenders)) samples[name]?.push(await rateOf(one, inFlight));
    }
    for (const [name, all] of Object.entries(samples)) rates[name]?.push(median(all));
  }
  await Deno.remove(directory, { recursive: true });
  printTable(
    "Programs a second that only compute",
    ["contender", ...IN_FLIGHT.map((count) => `in flight: ${count}`)],
    Object.entries(rates).map(([name, all]) => ({ name, cells: all.map((rate) => rate.toFixed(0)) })),
  );
}

async function rateOf(one: () => Promise<unknown>, inFlight: number): Promise<number> {
  const startedAt = performance.now();
  let left = PROGRAMS_EACH;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left-- > 0) await one();
  }));
  return PROGRAMS_EACH / ((performance.now() - startedAt) / 1_000);
}

async function run(url: string, runtime: string): Promise<void> {
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    body: JSON.stringify({ ...PROGRAM, runtime }),
  });
  const { stdout } = await response.json();
  if (stdout !== "42\n") throw new Error("The execution failed");
}

async function isAvailable(url: string, runtime: string): Promise<boolean> {
  const { runtimes } = await (await fetch(`${url}/v1/runtimes`)).json();
  return runtimes.some(({ available, name }: { name: string; available: boolean }) => available && name === runtime);
}

import type { Execution } from "../src/core/execution.ts";
import type { RuntimeDescription } from "../src/runtimes/selection/description.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { median, printTable, type Row } from "./table.ts";

const ROUNDS = 5;
const BOUND_MS = 250;

/** A program that prints the time at which it passes a limit on stderr, in ms since 1970, and keeps what it took; the last time counts. */
interface Contender {
  readonly name: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly permissions?: Readonly<Record<string, boolean>>;
  /** Code that passes the limit, and then prints. */
  readonly code: string;
}

const SAY = "console.error(`passed ${Date.now()}`);";
const HOLD = "setInterval(() => {}, 1000);";

const CONTENDERS: readonly Contender[] = [
  {
    name: "memory beside the heap",
    limits: { memoryMb: 192 },
    code:
      `const kept = []; while (kept.length < 180) kept.push(new Uint8Array(1048576).fill(1)); ${SAY} for (;;) kept.push(new Uint8Array(1048576).fill(1));`,
  },
  {
    name: "CPU time",
    limits: { cpuMs: 300 },
    code:
      `import process from "node:process"; const used = () => process.cpuUsage().user + process.cpuUsage().system; while (used() < 230_000); ${SAY} for (;;);`,
  },
  {
    name: "processes",
    limits: { maxProcesses: 8 },
    permissions: { allowRun: true },
    code:
      `const kept = []; for (let index = 0; index < 20; index++) { kept.push(new Deno.Command("sleep", { args: ["60"] }).spawn()); if (kept.length === 8) ${SAY} } ${HOLD}`,
  },
  {
    name: "descriptors",
    limits: {},
    // A runtime allows 256 or 1,024: the program waits after each, and what ends it there sees the last time.
    code:
      `const kept = []; const open = (count) => { while (kept.length < count) kept.push(Deno.openSync("main.ts")); }; open(260); ${SAY} open(360); await new Promise((resolve) => setTimeout(resolve, 1000)); open(1030); ${SAY} open(1130); ${HOLD}`,
  },
  {
    name: "disk bytes",
    limits: { diskMb: 4 },
    code: `Deno.writeFileSync("a", new Uint8Array(8_600_000).fill(1)); ${SAY} ${HOLD}`,
  },
  {
    name: "number of files",
    limits: { diskMb: 2 },
    code: `for (let index = 0; index < 850; index++) Deno.writeTextFileSync(\`\${index}\`, ""); ${SAY} ${HOLD}`,
  },
  {
    name: "output",
    limits: { maxTotalOutputBytes: 1_000_000, maxOutputBytes: 1_000 },
    code: `${SAY} const line = new TextEncoder().encode("x".repeat(65536)); for (;;) Deno.stdout.writeSync(line);`,
  },
];

/** Measures the time from passing a limit to the answer, which comes after the program's end. */
export async function benchLimits(): Promise<void> {
  const dockerHost = Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
  await using service = await startServiceProcess(["--log-level", "warning"], { CODEBEAKER_DOCKER_HOST: dockerHost });
  const { runtimes } = await (await fetch(`${service.url}/v1/runtimes`)).json();
  const isThere = ({ available, environments }: RuntimeDescription) =>
    available && environments.some(({ available, name }) => available && name === "typescript");
  const rows: Row[] = [];
  for (const { name: runtime } of runtimes.filter(isThere)) {
    for (const contender of CONTENDERS) {
      const samples: number[] = [];
      let kind = "";
      for (let round = 0; round < ROUNDS; round++) {
        const { delayMs, outcome } = await measure(service.url, { runtime, contender });
        if (Number.isFinite(delayMs)) samples.push(delayMs); // Else it was ended before it had said so.
        kind = outcome.kind;
      }
      rows.push({
        name: `${runtime}: ${contender.name}`,
        cells: [kind, `${median(samples).toFixed(0)} ms`, `${Math.max(...samples).toFixed(0)} ms`],
      });
    }
    rows.push(await measureDeadline(service.url, runtime));
  }
  printTable(`From passing a limit to the answer (bound: ${BOUND_MS} ms)`, ["limit", "outcome", "p50", "most"], rows);
}

async function measure(
  url: string,
  { runtime, contender: { code, limits, permissions = {} } }: {
    readonly runtime: string;
    readonly contender: Contender;
  },
): Promise<Pick<Execution, "outcome"> & { readonly delayMs: number }> {
  const { outcome, stderr } = await execute(url, { runtime, code, limits, permissions });
  const endedAt = Date.now();
  const passedAt = Number([...stderr.matchAll(/passed (\d+)/g)].at(-1)?.[1]);
  return { outcome, delayMs: endedAt - passedAt };
}

/** By the service's own clock: SIGTERM at the deadline, and SIGKILL 100 ms later. */
async function measureDeadline(url: string, runtime: string): Promise<Row> {
  const timeoutMs = 500;
  const code = `Deno.addSignalListener("SIGTERM", () => {}); ${HOLD}`;
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    samples.push((await execute(url, { runtime, code, timeoutMs })).usage.wallMs - timeoutMs);
  }
  const cells = ["timed_out", `${median(samples).toFixed(0)} ms`, `${Math.max(...samples).toFixed(0)} ms`];
  return { name: `${runtime}: wall time, SIGTERM ignored`, cells };
}

async function execute(url: string, request: Readonly<Record<string, unknown>>): Promise<Execution> {
  const body = JSON.stringify({ language: "typescript", ...request });
  return await (await fetch(`${url}/v1/executions`, { method: "POST", body })).json();
}

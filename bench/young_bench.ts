import { delay } from "../src/concurrency/delay.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { OpenContext } from "../tests/support/open_context.ts";
import { installedDirectories } from "../tests/support/runtime_host.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { timeBare } from "./cold_start_bench.ts";
import { PROGRAMS } from "./programs.ts";
import { checkEnd } from "./side_by_side/services.ts";
import { median, printTable } from "./table.ts";
import type { Target } from "./targets.ts";

/** The first requests of a service, and as many later ones. */
const SAMPLES = 100;
/** The requests between them: one after the other, without a pause. */
const BETWEEN = 2_000;
/** The pause of a client that thinks, in ms. */
const THOUGHT_MS = 60;
/** The pause of a user who has started a service, in ms. The service measures its runtimes and rehearses meanwhile. */
const ARRIVAL_MS = 8_000;
/** Requests between two bare runs. */
const EVERY = 5;

/** Median times in ms, of requests and of the bare runs between them. */
interface Phase {
  readonly ms: number;
  readonly bareMs: number;
}

/** The same work by a service that has just started, and later. */
interface Ages {
  readonly name: string;
  readonly young: Phase;
  readonly later: Phase;
}

/** Measures a service as its user starts it, with every default: its first requests, and later ones. */
export async function benchYoung(): Promise<Target[]> {
  const directory = await Deno.makeTempDir();
  let round = 0;
  const bare = () => timeBare(directory, round++);
  const ages = [await benchOneShots(bare), await benchCells(bare, 0), await benchCells(bare, ARRIVAL_MS)];
  await Deno.remove(directory, { recursive: true });
  const cellsOf = ({ bareMs, ms }: Phase) => [`${ms.toFixed(2)} ms`, (ms / bareMs).toFixed(3)];
  printTable(
    "A service as its user starts it",
    ["work", `first ${SAMPLES}, p50`, "by a bare run", `after ${BETWEEN} more, p50`, "by a bare run"],
    ages.map(({ later, name, young }) => ({ name, cells: [...cellsOf(young), ...cellsOf(later)] })),
  );
  return ages.map(({ later, name, young }) => ({
    id: "P13",
    work: `the first ${SAMPLES} requests of a service by later ones: ${name}`,
    unit: "×",
    measured: young.ms / young.bareMs / (later.ms / later.bareMs),
    atMost: 1.3,
  }));
}

async function benchOneShots(bare: () => Promise<number>): Promise<Ages> {
  await using service = await start();
  const client = new ApiClient(service);
  const request = { language: "typescript", code: PROGRAMS.typescript };
  const run = async () => checkEnd(await client.json("POST", "/v1/executions", request));
  return { name: "one-shots of a client that thinks", ...await measure(() => run, bare, THOUGHT_MS) };
}

/** Measures the first cells of a context, of which the interpreter is as young at both ages of the service. */
async function benchCells(bare: () => Promise<number>, arrivalMs: number): Promise<Ages> {
  await using service = await start();
  await delay(arrivalMs);
  const client = new ApiClient(service);
  const { id } = await client.openSession({ language: "typescript" });
  const open = async () => {
    const context = await OpenContext.open(client, id);
    await context.run("let n: number = 0;");
    return () => context.run("n = n + 1");
  };
  const name = `first cells of a context, opened ${arrivalMs / 1_000} s after the start`;
  return { name, ...await measure(open, bare, 0) };
}

function start() {
  const PATH = [...installedDirectories(), "/usr/bin", "/bin"].join(":");
  return startServiceProcess([], { PATH, CODEBEAKER_PROBE: "true" });
}

/** @param begin prepares the requests of a phase, and returns one */
async function measure(
  begin: () => Promise<() => Promise<unknown>> | (() => Promise<unknown>),
  bare: () => Promise<number>,
  thoughtMs: number,
): Promise<Omit<Ages, "name">> {
  const phase = async (run: () => Promise<unknown>): Promise<Phase> => {
    const [ms, bareMs]: [number[], number[]] = [[], []];
    for (let index = 0; index < SAMPLES; index++) {
      if (thoughtMs > 0) await delay(thoughtMs);
      const askedAt = performance.now();
      await run();
      ms.push(performance.now() - askedAt);
      if (index % EVERY === 0) bareMs.push(await bare());
    }
    return { ms: median(ms), bareMs: median(bareMs) };
  };
  await bare();
  const run = await begin();
  const young = await phase(run);
  for (let index = 0; index < BETWEEN; index++) await run();
  return { young, later: await phase(await begin()) };
}

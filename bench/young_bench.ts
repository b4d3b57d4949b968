import { delay } from "../src/concurrency/delay.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { OpenContext } from "../tests/support/open_context.ts";
import { searchPath } from "../tests/support/runtime_host.ts";
import { type ServiceProcess, startServiceProcess } from "../tests/support/service_process.ts";
import { timeBare } from "./cold_start_bench.ts";
import { PROGRAMS } from "./programs.ts";
import { checkEnd } from "./side_by_side/services.ts";
import { median, printTable } from "./table.ts";
import type { Target } from "./targets.ts";

/** Services of one row. One start alone varies by a fifth on a small machine. */
const STARTS = 3;
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

/** The times behind a phase, of all services. */
type Samples = Readonly<Record<keyof Phase, number[]>>;

/** The same work by a service that has just started, and later. */
interface Ages {
  readonly name: string;
  readonly young: Phase;
  readonly later: Phase;
}

/** Requests that a service is measured by. */
interface Work {
  readonly name: string;
  readonly thoughtMs: number;
  /** Prepares the requests of a phase, and returns one. */
  begin(client: ApiClient): Promise<() => Promise<unknown>>;
}

const ONE_SHOTS: Work = {
  name: "one-shots of a client that thinks",
  thoughtMs: THOUGHT_MS,
  begin(client) {
    const request = { language: "typescript", code: PROGRAMS.typescript };
    return Promise.resolve(async () => checkEnd(await client.json("POST", "/v1/executions", request)));
  },
};

/** The first cells of a context, of which the interpreter is as young at both ages of the service. */
const CELLS: Work = {
  name: "first cells of a context",
  thoughtMs: 0,
  async begin(client) {
    const { id } = await client.openSession({ language: "typescript" });
    const context = await OpenContext.open(client, id);
    await context.run("let n: number = 0;");
    return () => context.run("n = n + 1");
  },
};

/** Measures a service as its user starts it, with every default: its first requests, and later ones. */
export async function benchYoung(): Promise<Target[]> {
  const directory = await Deno.makeTempDir();
  let round = 0;
  const bare = () => timeBare(directory, round++);
  await using older = await startService({ CODEBEAKER_PROBE: "false" });
  const ages = [
    await benchAges(ONE_SHOTS, { arrivalMs: 0, bare, older }),
    await benchAges(CELLS, { arrivalMs: 0, bare, older }),
    await benchAges(CELLS, { arrivalMs: ARRIVAL_MS, bare, older }),
  ];
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

/** How a service is measured at two ages. */
interface Measuring {
  /** The pause before each phase, in ms. */
  readonly arrivalMs: number;
  /** A service that was started earlier. */
  readonly older: ServiceProcess;
  bare(): Promise<number>;
}

/**
 * Measures the first requests of services, and later ones. Before both phases the machine and this client do the same
 * work: a machine that was idle wakes slower, and a client's code is compiled too.
 */
async function benchAges(work: Work, { arrivalMs, bare, older }: Measuring): Promise<Ages> {
  const [young, later]: [Samples, Samples] = [{ ms: [], bareMs: [] }, { ms: [], bareMs: [] }];
  for (let start = 0; start < STARTS; start++) {
    await repeat(await work.begin(new ApiClient(older)));
    await using service = await startService({ CODEBEAKER_PROBE: "true" });
    const client = new ApiClient(service);
    const phase = async ({ bareMs, ms }: Samples): Promise<() => Promise<unknown>> => {
      await bare();
      await delay(arrivalMs);
      const run = await work.begin(client);
      for (let index = 0; index < SAMPLES; index++) {
        if (work.thoughtMs > 0) await delay(work.thoughtMs);
        const askedAt = performance.now();
        await run();
        ms.push(performance.now() - askedAt);
        if (index % EVERY === 0) bareMs.push(await bare());
      }
      return run;
    };
    await repeat(await phase(young));
    await phase(later);
  }
  const name = arrivalMs > 0 ? `${work.name}, after a pause of ${arrivalMs / 1_000} s` : work.name;
  return { name, young: phaseOf(young), later: phaseOf(later) };
}

function phaseOf({ bareMs, ms }: Samples): Phase {
  return { ms: median(ms), bareMs: median(bareMs) };
}

async function repeat(run: () => Promise<unknown>): Promise<void> {
  for (let index = 0; index < BETWEEN; index++) await run();
}

function startService(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const PATH = searchPath().join(":");
  return startServiceProcess([], { PATH, ...env });
}

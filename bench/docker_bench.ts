import type { Execution } from "../src/core/execution.ts";
import { MEBIBYTE } from "../src/core/limits.ts";
import type { RuntimeDescription } from "../src/runtimes/selection/description.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { median, printTable, type Row } from "./table.ts";

const ROUNDS = 15;
const TURNS = 10;
const SESSIONS = 3;
const PYTHON = 'print("hello", 40 + 2)';
const PYTHON_REQUEST = { language: "python", runtime: "docker", code: PYTHON };
const LANGUAGE = "typescript";
const TYPESCRIPT = 'console.log("hello", 40 + 2);';
/** Runs long enough for its memory to be polled. */
const WAITING = "await new Promise((resolve) => setTimeout(resolve, 200));";

/** Times in ms and memory in MB of one runtime. */
interface Samples {
  readonly oneShot: number[];
  readonly startup: number[];
  readonly memory: number[];
  readonly session: number[];
}

/** Compares Docker with its bare client, and the runtimes with each other. */
export async function benchDocker(): Promise<void> {
  const dockerHost = Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
  const flags = ["--log-level", "warning", "--warm-max", "0"];
  await using service = await startServiceProcess(flags, { CODEBEAKER_DOCKER_HOST: dockerHost });
  const reason = await whyNoDocker(service.url);
  if (reason !== undefined) {
    return printTable("Docker", ["contender", "figure"], [{ name: `skipped: ${reason}`, cells: ["-"] }]);
  }
  await benchColdStart(service.url, await imageOf(service.url));
  await benchRuntimes(service.url);
}

/** The reason why the service cannot use Docker, or one of the two languages there. */
async function whyNoDocker(url: string): Promise<string | undefined> {
  const { runtimes } = await (await fetch(`${url}/v1/runtimes`)).json();
  const docker: RuntimeDescription | undefined = runtimes.find(({ name }: RuntimeDescription) => name === "docker");
  const used = docker?.environments.filter(({ name }) => ["python", "typescript"].includes(name)) ?? [];
  return [docker, ...used].find((found) => found?.available !== true)?.reason;
}

async function benchColdStart(url: string, image: string): Promise<void> {
  const samples = { bare: [] as number[], http: [] as number[] };
  await execute(url, PYTHON_REQUEST);
  for (let round = 0; round < ROUNDS; round++) {
    samples.bare.push(await time(() => runBare(image)));
    samples.http.push(await time(() => execute(url, PYTHON_REQUEST)));
  }
  const [bare, http] = [median(samples.bare), median(samples.http)];
  printTable("Cold start of a Python program in Docker", ["contender", "p50", "ratio"], [
    { name: "bare `docker run --rm` of the same image, not hardened", cells: [`${bare.toFixed(0)} ms`, "1.00"] },
    { name: "one-shot over HTTP (bound: 1.2)", cells: [`${http.toFixed(0)} ms`, (http / bare).toFixed(2)] },
  ]);
}

/** Compares all runtimes that speak TypeScript. */
async function benchRuntimes(url: string): Promise<void> {
  const { runtimes } = await (await fetch(`${url}/v1/runtimes`)).json();
  const names = runtimes.filter(({ available, environments }: RuntimeDescription) =>
    available && environments.some(({ available, name }) => available && name === LANGUAGE)
  ).map(({ name }: RuntimeDescription) => name);
  const samples = names.map((): Samples => ({ oneShot: [], startup: [], memory: [], session: [] }));
  const eachRuntime = async (measure: (runtime: string, samples: Samples) => Promise<void>) => {
    for (const [index, name] of names.entries()) await measure(name, samples[index]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await eachRuntime(async (runtime, { memory, oneShot, startup }) => {
      const startedAt = performance.now();
      startup.push((await execute(url, { language: LANGUAGE, runtime, code: TYPESCRIPT })).usage.startupMs);
      oneShot.push(performance.now() - startedAt);
      const { usage } = await execute(url, { language: LANGUAGE, runtime, code: WAITING });
      memory.push((usage.peakMemoryBytes ?? Number.NaN) / MEBIBYTE);
    });
  }
  for (let round = 0; round < SESSIONS; round++) {
    await eachRuntime(async (runtime, { session }) => void session.push(await time(() => runSession(url, runtime))));
  }
  const row = (name: string, figure: keyof Samples, unit: string): Row => ({
    name,
    cells: samples.map((ofRuntime: Samples) => `${median(ofRuntime[figure]).toFixed(0)} ${unit}`),
  });
  printTable(
    "TypeScript on each runtime (the original design: 80 ms, 30 MB in Deno against 2,000 ms, 250 MB in Docker)",
    ["figure, p50", ...names],
    [
      row("start-up of a one-shot", "startup", "ms"),
      row("one-shot over HTTP", "oneShot", "ms"),
      row("memory of an idle program (containerd's own process not counted)", "memory", "MB"),
      row("a session of ten turns over HTTP, opened and closed", "session", "ms"),
    ],
  );
}

/** An agent's session: each turn writes and runs a program, and the files stay. */
async function runSession(url: string, runtime: string): Promise<void> {
  const client = new ApiClient({ url });
  const { id } = await client.openSession({ language: LANGUAGE, runtime });
  for (let turn = 0; turn < TURNS; turn++) {
    const { success } = await client.command(id, { type: "execute_code", code: TYPESCRIPT });
    if (!success) throw new Error("A turn failed");
  }
  await client.status("DELETE", `/v1/sessions/${id}`);
}

/** The image that the service uses, by the Engine's own client. */
async function imageOf(url: string): Promise<string> {
  const { stdout } = await execute(url, PYTHON_REQUEST);
  if (stdout !== "hello 42\n") throw new Error(`The service answers ${JSON.stringify(stdout)}`);
  const { stdout: listed } = await new Deno.Command("docker", {
    args: ["images", "--format", "{{.Repository}}:{{.Tag}}"],
  }).output();
  const tags = new TextDecoder().decode(listed).split("\n");
  const found = ["python:3.13-slim-trixie", "codebeaker/python:"].map((name) =>
    tags.find((tag) => tag.startsWith(name))
  )
    .find((tag) => tag !== undefined);
  if (found === undefined) throw new Error("The Engine's client finds no image for Python");
  return found;
}

async function runBare(image: string): Promise<void> {
  const { success } = await new Deno.Command("docker", {
    args: ["run", "--rm", "--network", "none", image, "python3", "-c", PYTHON],
  }).output();
  if (!success) throw new Error("The bare run failed");
}

async function execute(url: string, request: Readonly<Record<string, string>>): Promise<Execution> {
  const response = await fetch(`${url}/v1/executions`, { method: "POST", body: JSON.stringify(request) });
  const execution: Execution = await response.json();
  if (execution.exitCode !== 0) throw new Error(`The execution failed: ${JSON.stringify(execution)}`);
  return execution;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

import { assert, assertEquals } from "@std/assert";
import { apiKeysSchema } from "../../src/core/key_policy.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { familyOf } from "../../src/process/process_tree.ts";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import { ApiClient } from "../support/api_client.ts";
import { FootprintWatch, NOTHING } from "../support/footprint.ts";
import { readMetrics } from "../support/metric_samples.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { DENO_ALONE } from "../support/variables.ts";

const WARM = { warmMax: 4 };
const EXECUTIONS = "/v1/executions";
const HELLO = { language: "typescript", code: 'console.log("hello");' };
/** Between two programs of a session, in ms: what waits is made while none runs. */
const THOUGHT_MS = 200;
const METRICS = ["ready", "hits_total", "misses_total"].map((name) => `codebeaker_pool_${name}{runtime="deno"}`);

interface Pool {
  readonly ready: number;
  readonly hits: number;
  readonly misses: number;
}

async function poolOf(client: ApiClient): Promise<Pool> {
  const { runtimes } = await client.json("GET", "/v1/runtimes");
  return runtimes.find(({ name }: { name: string }) => name === "deno").pool;
}

async function whenReady(client: ApiClient, count: number): Promise<void> {
  await until(async () => (await poolOf(client)).ready === count, `${count} are ready`);
}

function commandOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  } catch {
    return []; // It is gone.
  }
}

/** What descends from this process, but for services in processes of their own, which other tests of it may share. */
function descendants(): number[] {
  const [, ...all] = familyOf(Deno.pid);
  const others = all.filter((pid) => commandOf(pid).includes("serve")).flatMap(familyOf);
  return all.filter((pid) => !others.includes(pid));
}

/** The processes that wait for a program of a service in this process. */
function waiting(): number[] {
  return descendants().filter((child) => {
    const command = commandOf(child);
    return command[0]?.endsWith("deno") === true && command.some((word) => word.startsWith("--preload="));
  });
}

Deno.test("A program gets a warm process, another one is started, and the counters show it", async () => {
  await using service = await openService(WARM);
  const client = new ApiClient(service);
  await whenReady(client, 2);
  for (const language of ["typescript", "javascript"]) {
    const { stdout, warm } = await client.json("POST", EXECUTIONS, { ...HELLO, language });
    assertEquals([stdout, warm], ["hello\n", true]);
  }
  const withArguments = await client.json("POST", EXECUTIONS, { ...HELLO, args: ["a"] });
  assertEquals([withArguments.stdout, withArguments.warm], ["hello\n", false]);
  const rare = await client.json("POST", EXECUTIONS, { ...HELLO, limits: { memoryMb: 200 } });
  assertEquals([rare.stdout, rare.warm], ["hello\n", false]);
  await whenReady(client, 2);
  const { hits, misses } = await poolOf(client);
  assertEquals([hits, misses], [2, 1]);
  assertEquals(await readMetrics(client, METRICS), [2, 2, 1]);
});

Deno.test("A kind that is requested often, with its own permissions, is kept warm", async () => {
  await using service = await openService(WARM);
  const client = new ApiClient(service);
  const request = { ...HELLO, permissions: { allowEnv: ["LANG"] }, env: { LANG: "C" } };
  const warm: boolean[] = [];
  await until(async () => {
    warm.push((await client.json("POST", EXECUTIONS, request)).warm);
    return warm.at(-1) === true;
  }, "one is met that was made ready");
  assertEquals(warm.slice(0, 2), [false, false]);
});

Deno.test("A process with variables of one tenant serves no other, so that a warm start reveals no variable", async () => {
  const keys = ["one", "other"].map((name) => ({ name, key: name.padEnd(32, "k") }));
  await using service = await openService({ ...WARM, apiKeys: apiKeysSchema.parse(JSON.stringify(keys)) });
  const [one, other] = keys.map(({ key }) => new ApiClient(service, key));
  assert(one !== undefined && other !== undefined);
  const request = { ...HELLO, env: { TOKEN: "secret" } };
  await until(
    async () => (await one.json("POST", EXECUTIONS, request)).warm === true,
    "one is met that was made ready",
  );
  const before = await poolOf(one);
  await until(async () => (await poolOf(one)).ready > 2, "the next one is ready");
  assertEquals((await other.json("POST", EXECUTIONS, request)).warm, false);
  const { hits, misses } = await poolOf(one);
  assertEquals([hits, misses], [before.hits, before.misses + 1]);
});

Deno.test("A session process with variables of one tenant serves no other", async () => {
  const keys = ["one", "other"].map((name) => ({ name, key: name.padEnd(32, "k") }));
  await using service = await openService({ ...WARM, apiKeys: apiKeysSchema.parse(JSON.stringify(keys)) });
  const [one, other] = keys.map(({ key }) => new ApiClient(service, key));
  assert(one !== undefined && other !== undefined);
  const openAndRun = async (client: ApiClient) => {
    const { id } = await client.openSession({ language: "typescript", env: { TOKEN: "secret" } });
    const { warm } = await client.run(id, { code: "1" });
    await client.status("DELETE", `/v1/sessions/${id}`);
    return warm;
  };
  await until(() => openAndRun(one), "one is met that was made ready");
  await until(async () => (await poolOf(one)).ready > 2, "the next one is ready");
  assertEquals(await openAndRun(other), false);
});

Deno.test("A process that was warmed up for sessions serves a one-shot of the same kind", async () => {
  await using service = await openService(WARM);
  const client = new ApiClient(service);
  const own = { language: "typescript", limits: { memoryMb: 200 } };
  await until(async () => {
    const { id } = await client.openSession(own);
    const { warm } = await client.run(id, { code: "1" });
    await client.status("DELETE", `/v1/sessions/${id}`);
    return warm;
  }, "a session meets what was made ready");
  await until(async () => (await poolOf(client)).ready > 2, "the next one is ready");
  const { hits, misses } = await poolOf(client);
  assertEquals((await client.json("POST", EXECUTIONS, { ...HELLO, ...own })).warm, true);
  const after = await poolOf(client);
  assertEquals([after.hits, after.misses], [hits + 1, misses]);
});

/** Without namespaces a command line runs at level 7. */
async function namespaceAvailability() {
  await using host = await openRuntimeHost();
  const { canMount, isSandbox } = host.confinement;
  return canMount && isSandbox
    ? { available: true } as const
    : { available: false, reason: "this machine has no sandbox of namespaces" } as const;
}

if (isPresent("sandbox", await namespaceAvailability())) {
  Deno.test("A session with a warm process has the session's own floor, and runs what reaches it", async () => {
    await using service = await openService(WARM);
    const client = new ApiClient(service);
    await whenReady(client, 2);
    const { hits } = await poolOf(client);
    const { id, selection } = await client.openSession({ language: "typescript", minIsolation: 8 });
    assertEquals([selection.floor, (await poolOf(client)).hits], [8, hits + 1]);
    const { result } = await client.command(id, { type: "execute_shell", command: "sh", args: ["-c", "id -un"] });
    assertEquals(result.stdout, "program\n");
    assertEquals((await client.run(id, { code: "console.log(6 * 7)" })).stdout, "42\n");
  });
}

Deno.test("A session begins with a warm process and keeps one for its next program, which finds only the files of the last one", async () => {
  await using service = await openService(WARM);
  const client = new ApiClient(service);
  await whenReady(client, 2);
  const { id } = await client.openSession({ language: "typescript" });
  const code = `
    const turns = Number(await Deno.readTextFile("turns").catch(() => "0")) + 1;
    await Deno.writeTextFile("turns", String(turns));
    globalThis.left = (globalThis.left ?? 0) + 1;
    console.log(turns, globalThis.left);
  `;
  const answers = [await client.run(id, { code })];
  assertEquals(answers[0]?.warm, true);
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, THOUGHT_MS));
    answers.push(await client.run(id, { code }));
    return answers.at(-1)?.warm === true;
  }, "a process was ready");
  assertEquals(answers.map(({ stdout }) => stdout), answers.map((_, index) => `${index + 1} 1\n`));
  const { hits, misses } = await poolOf(client);
  assertEquals([hits, misses], [3, answers.length - 2]); // The session itself was one.
  await client.status("DELETE", `/v1/sessions/${id}`);
  await until(() => waiting().length === 2, "the session's process is gone");
});

Deno.test("Programs start cold when somebody kills the warm processes, and others are made, which end with their service", async () => {
  await using services = new AsyncDisposableStack();
  const service = services.use(await openService(WARM));
  const client = new ApiClient(service);
  await whenReady(client, 2);
  const first = waiting();
  assertEquals(first.length, 2);
  const before = descendants();
  for (const pid of first) Deno.kill(pid, "SIGKILL");
  await until(() => !descendants().some((pid) => before.includes(pid)), "what was around them is gone");
  const { exitCode, stdout } = await client.json("POST", EXECUTIONS, HELLO);
  assertEquals([exitCode, stdout], [0, "hello\n"]);
  await until(
    () => waiting().filter((pid) => !first.includes(pid)).length === 2,
    "others wait in their place",
  );
  await services.disposeAsync();
  assertEquals(waiting(), []);
});

Deno.test("Warm processes end with a service that is killed", async () => {
  const scratch = await Deno.makeTempDir({ prefix: "cb_warm_" });
  await Deno.chmod(scratch, 0o711);
  const watch = new FootprintWatch(scratch);
  {
    await using service = await startServiceProcess(["--scratch", scratch], DENO_ALONE);
    await whenReady(new ApiClient(service), 2);
    watch.learn(service.process.pid);
    assert((await watch.look()).processes.length > 0, "what waits is seen");
    service.process.kill("SIGKILL");
    await service.process.status;
  }
  await until(async () => (await watch.look()).processes.length === 0, "nothing waits any more");
  {
    await using _swept = await Scratch.open(scratch, { release: releaseOrphans });
  }
  assertEquals(await watch.look(), NOTHING);
  await Deno.remove(scratch, { recursive: true });
});

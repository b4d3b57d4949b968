import { assertEquals } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { containersOf, DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import { readMetrics } from "../support/metric_samples.ts";
import { type OwnEngine, ownEngineAvailability, startOwnEngine } from "../support/own_engine.ts";
import { isPresent } from "../support/requirements.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const EXECUTIONS = "/v1/executions";
const HELLO = { language: "python", runtime: "docker", code: "print('hello')" };
const METRICS = ["ready", "hits_total", "misses_total"].map((name) => `codebeaker_pool_${name}{runtime="docker"}`);

const KEYS = ["one", "other"].map((name) => ({ name, key: name.padEnd(32, "k") }));

function startService(
  home: string,
  host = DOCKER_HOST,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return startServiceProcess([], {
    ...env,
    CODEBEAKER_HOME: home,
    CODEBEAKER_DOCKER_HOST: host,
    CODEBEAKER_DOCKER_PULL: "never",
  });
}

async function poolOf(client: ApiClient): Promise<{ readonly ready: number; readonly hits: number; misses: number }> {
  const { runtimes } = await client.json("GET", "/v1/runtimes");
  return runtimes.find(({ name }: { name: string }) => name === "docker").pool;
}

async function whenReady(client: ApiClient, count = 1): Promise<void> {
  await until(async () => (await poolOf(client)).ready === count, `${count} wait`);
}

async function containersIn(home: string, host = DOCKER_HOST): Promise<string[]> {
  const id = await Deno.readTextFile(`${home}/instance`);
  return (await containersOf(openEngine(host), id)).map(({ Id }) => Id);
}

async function withHome(test: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home);
  } finally {
    for (const id of await containersIn(home).catch(() => [])) {
      await openEngine().getContainer(id).remove({ force: true }).catch(() => {}); // Somebody has removed it.
    }
    await Deno.remove(home, { recursive: true });
  }
}

if (isPresent("docker", await dockerAvailability("python"))) {
  Deno.test("[docker] a requested language keeps a container warm, and the counters show it", () =>
    withHome(async (home) => {
      await using service = await startService(home);
      const client = new ApiClient(service);
      const first = await client.json("POST", EXECUTIONS, HELLO);
      assertEquals([first.stdout, first.warm, first.runtime], ["hello\n", false, "docker"]);
      for (const args of [[], ["a"], []]) {
        await whenReady(client);
        const { stdout, warm } = await client.json("POST", EXECUTIONS, { ...HELLO, args });
        assertEquals([stdout, warm], ["hello\n", true]);
      }
      const rare = await client.json("POST", EXECUTIONS, { ...HELLO, limits: { memoryMb: 200 } });
      assertEquals([rare.stdout, rare.warm], ["hello\n", false]);
      await whenReady(client);
      const { hits, misses } = await poolOf(client);
      assertEquals([hits, misses, await readMetrics(client, METRICS)], [3, 2, [1, 3, 2]]);
      await until(async () => (await containersIn(home)).length === 1, "only what waits is left");
    }));

  Deno.test("[docker] SIGTERM of a service removes its warm containers", () =>
    withHome(async (home) => {
      await using service = await startService(home);
      const client = new ApiClient(service);
      await client.json("POST", EXECUTIONS, HELLO);
      const { id } = await client.openSession({ language: "python", runtime: "docker" });
      await client.run(id, { code: "print(1)" });
      await whenReady(client, 2);
      service.process.kill("SIGTERM");
      assertEquals([(await service.process.status).code, await containersIn(home)], [0, []]);
    }));

  Deno.test("[docker] warm containers of a killed service are removed by the next one", () =>
    withHome(async (home) => {
      await using killed = await startService(home);
      const client = new ApiClient(killed);
      await client.json("POST", EXECUTIONS, HELLO);
      await whenReady(client);
      killed.process.kill("SIGKILL");
      await killed.process.status;
      assertEquals((await containersIn(home)).length > 0, true);
      await using _next = await startService(home);
      await until(async () => (await containersIn(home)).length === 0, "the container is gone");
    }));

  Deno.test("[docker] a session in a warm container is recovered like any other", () =>
    withHome(async (home) => {
      await using killed = await startService(home);
      const before = new ApiClient(killed);
      await before.openSession({ language: "python", runtime: "docker" });
      await whenReady(before);
      const { hits } = await poolOf(before);
      const { id } = await before.openSession({ language: "python", runtime: "docker" });
      assertEquals((await poolOf(before)).hits, hits + 1);
      await before.run(id, { code: "open('kept', 'w').write('this')" });
      killed.process.kill("SIGKILL");
      await killed.process.status;
      await using next = await startService(home);
      const after = new ApiClient(next);
      const isAttached = async () => (await after.json("GET", `/v1/sessions/${id}`)).state !== "creating";
      await until(isAttached, "the session is attached again");
      const { stdout } = await after.run(id, { code: "print(open('kept').read())" });
      assertEquals(stdout, "this\n");
      assertEquals(await after.status("DELETE", `/v1/sessions/${id}`), 204);
    }));

  Deno.test("[docker] a warm container that somebody removes fails no program", () =>
    withHome(async (home) => {
      await using service = await startService(home);
      const client = new ApiClient(service);
      await client.json("POST", EXECUTIONS, HELLO);
      for (let round = 0; round < 3; round++) {
        await whenReady(client);
        for (const id of await containersIn(home)) {
          await openEngine().getContainer(id).remove({ force: true }).catch(() => {}); // That of the program leaves.
        }
        assertEquals((await client.json("POST", EXECUTIONS, HELLO)).stdout, "hello\n");
      }
    }));

  Deno.test("[docker] two tenants of a burst never share a container, warm or cold", () =>
    withHome(async (home) => {
      await using service = await startService(home, DOCKER_HOST, { CODEBEAKER_API_KEYS: JSON.stringify(KEYS) });
      const clients = KEYS.map(({ key }) => new ApiClient(service, key));
      const client = new ApiClient(service, KEYS[0]?.key);
      await client.json("POST", EXECUTIONS, HELLO);
      let warm = 0;
      const code =
        "import os\nprint(os.listdir('.'), os.listdir('/tmp'))\nfor place in ('.', '/tmp'): open(f'{place}/mine', 'w')";
      for (let round = 0; round < 3; round++) {
        await whenReady(client);
        const answers = await Promise.all(
          Array.from({ length: 3 }, () => clients.map((each) => each.json("POST", EXECUTIONS, { ...HELLO, code })))
            .flat(),
        );
        warm += answers.filter((answer) => answer.warm).length;
        for (const { outcome, stdout } of answers) {
          assertEquals(outcome, { kind: "exited", exitCode: 0 });
          assertEquals(stdout.replace(/'\.ended-[0-9a-f-]+'/, ""), "['main.py'] []\n");
        }
      }
      assertEquals(warm >= 3, true, "in each round one was ready");
    }));
}

if (isPresent("docker", await dockerAvailability("python")) && isPresent("dockerd", await ownEngineAvailability())) {
  Deno.test("[dockerd] an Engine that stops takes the warm containers along, and has new ones when it is back", async () => {
    await using engine: OwnEngine = await startOwnEngine();
    const images = await openEngine().listImages({ filters: { reference: ["codebeaker/python"] } });
    await engine.copyImage(images[0]?.RepoTags?.[0] ?? "");
    await withHome(async (home) => {
      await using service = await startService(home, engine.host);
      const client = new ApiClient(service);
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        await until(async () => {
          const answer = await client.json("POST", EXECUTIONS, HELLO).catch(() => undefined); // It is not back yet.
          return answer?.stdout === "hello\n";
        }, "programs run");
        await whenReady(client);
        await engine.stop(signal);
        await until(async () => (await poolOf(client)).ready === 0, "nothing waits any more");
        await engine.start();
      }
      await until(
        async () => (await client.json("POST", EXECUTIONS, HELLO).catch(() => undefined))?.warm === true,
        "warm again",
      );
      await whenReady(client);
      const isAlone = async () => (await containersIn(home, engine.host)).length === 1;
      await until(isAlone, "only what waits is left", { timeoutMs: 45_000 });
      service.process.kill("SIGTERM");
      await service.process.status;
      assertEquals(await containersIn(home, engine.host), []);
    });
  });
}

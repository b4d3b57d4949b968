import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { familyOf } from "../../src/process/process_tree.ts";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { FootprintWatch, NOTHING } from "../support/footprint.ts";
import { kill, type Places, startIn, withPlaces } from "../support/places.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { serverEvents } from "../support/server_events.ts";
import { PROJECT, SERVE, type ServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { withoutProjectVariables } from "../support/variables.ts";

const KILLS = 2;
/** Rounds in which a load begins programs that do not end: each of them takes a place that others wait for. */
const ENDLESS_ROUNDS = 6;
/** How long after its start a service is killed, in ms: while it looks for layers, sweeps, opens its storage, and listens. */
const START_UP_MS = [40, 100, 160, 220, 300];

const QUICK = { language: "typescript", code: "console.log('done')" };
/** Hears nothing, as one that computes without end does, but takes no core from the tests beside it. */
const DEAF = {
  language: "typescript",
  code: "console.log('begun'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  timeoutMs: 60_000,
};
const SILENT = {
  language: "typescript",
  code: "console.log('begun'); setInterval(() => {}, 1000);",
  timeoutMs: 60_000,
};

/** What a service has acknowledged to its clients. */
interface Acknowledged {
  /** Executions that were answered with their end. */
  readonly ended: Map<string, string>;
  /** Executions that were accepted, by their ids, with the idempotency key they came with. */
  readonly accepted: Map<string, string>;
  readonly sessions: string[];
}

/** A plain answer's record is on the disk before the answer only with a key. */
function withKey(): Record<string, string> {
  return { "idempotency-key": crypto.randomUUID() };
}

/** Clients of every kind, which go on until their service is gone. What finds no place on a busy machine was not acknowledged. */
function loadService(service: ServiceProcess, acknowledged: Acknowledged): Promise<unknown> {
  const client = new ApiClient(service);
  const forever = async (work: (round: number) => Promise<void>) => {
    try {
      for (let round = 0;; round++) await work(round);
    } catch {
      // The service is gone.
    }
  };
  return Promise.all([
    forever(async () => {
      const { id, status, stdout } = await client.json("POST", "/v1/executions", QUICK, withKey());
      if (status === 200) acknowledged.ended.set(id, stdout);
    }),
    forever(async (round) => {
      const key = crypto.randomUUID();
      const request = round < ENDLESS_ROUNDS ? [QUICK, DEAF, SILENT][round % 3] : QUICK;
      const headers = { prefer: "respond-async", "idempotency-key": key };
      const { id, status } = await client.json("POST", "/v1/executions", request, headers);
      if (status === 202) acknowledged.accepted.set(id, key);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }),
    forever(async () => {
      const { body, ok } = await client.ask("POST", "/v1/executions", QUICK, { accept: "text/event-stream" });
      assert(body !== null);
      if (!ok) return await body.cancel();
      for await (const { event, data } of serverEvents(body)) {
        if (event === "completed") acknowledged.ended.set(data.id, data.stdout);
      }
    }),
    forever(async () => {
      const { id, status: opened } = await client.json("POST", "/v1/sessions", { language: "typescript" });
      if (opened !== 201) return;
      acknowledged.sessions.push(id);
      const program = { code: "Deno.writeTextFileSync('a', 'b'); console.log('done')" };
      const path = `/v1/sessions/${id}/executions`;
      const { id: executionId, status, stdout } = await client.json("POST", path, program, withKey());
      if (status === 200) acknowledged.ended.set(executionId, stdout);
      await client.status("PUT", `/v1/sessions/${id}/files/upload.bin`, new Uint8Array(100_000));
    }),
  ]);
}

/** Checks that acknowledged executions are reported as they were, or as interrupted. Sessions, whose directories are gone, are closed with the reason. */
async function checkAcknowledged(client: ApiClient, acknowledged: Acknowledged): Promise<void> {
  for (const [id, stdout] of acknowledged.ended) {
    const found = await client.json("GET", `/v1/executions/${id}`);
    assertEquals([found.status, found.outcome?.kind, found.stdout], [200, "exited", stdout], id);
  }
  for (const [id, key] of acknowledged.accepted) {
    const found = await client.json("GET", `/v1/executions/${id}`);
    assert(["exited", "interrupted"].includes(found.outcome?.kind), `${id}: ${JSON.stringify(found)}`);
    const [repeated] = await Promise.all(
      [QUICK, DEAF, SILENT].map((request) =>
        client.json("POST", "/v1/executions", request, { prefer: "respond-async", "idempotency-key": key })
      ),
    ).then((answers) => answers.filter(({ code }) => code !== "conflict"));
    assertEquals(repeated?.id, id);
  }
  for (const id of acknowledged.sessions) {
    const { state, closedBecause } = await client.json("GET", `/v1/sessions/${id}`);
    assertEquals([state, closedBecause], ["closed", "service_lost"], id);
  }
}

async function haveOwnUsers(): Promise<boolean> {
  await using host = await openRuntimeHost();
  return host.confinement.layers.includes("own_user");
}

async function startAndKill({ home, scratch }: Places, afterMs: number): Promise<void> {
  const [command = "", ...args] = SERVE;
  const process = new Deno.Command(command, {
    args: [...args, "--port", "0", "--scratch", scratch],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), CODEBEAKER_HOME: home },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  process.kill("SIGKILL");
  await process.status;
}

/** How many processes there are of services that are gone. */
async function countLost(watch: FootprintWatch, { process: { pid } }: ServiceProcess): Promise<number> {
  const { processes } = await watch.look();
  const living = familyOf(pid).map(String); // Some wait for their program.
  return processes.filter((line) => !living.includes(line.split(" ")[0] ?? "")).length;
}

function countsOf({ accepted, ended, sessions }: Acknowledged): number[] {
  return [ended.size, accepted.size, sessions.length];
}

Deno.test("SIGKILL of the service under load and restart, several times: nothing acknowledged lost, nothing orphaned", () =>
  withPlaces(async (places) => {
    const watch = new FootprintWatch(places.scratch);
    const acknowledged: Acknowledged = { ended: new Map(), accepted: new Map(), sessions: [] };
    for (let round = 0; round < KILLS; round++) {
      await using service = await startIn(places);
      watch.learn(service.process.pid);
      // Nearly all die with their service; one that had not asked the kernel for that yet is killed by the next one's start.
      await until(async () => await countLost(watch, service) === 0, "no program of a lost service runs");
      await checkAcknowledged(new ApiClient(service), acknowledged);
      const before = countsOf(acknowledged);
      const loading = loadService(service, acknowledged);
      await until(
        () => countsOf(acknowledged).every((count, index) => count > (before[index] ?? 0) + 1),
        "it has answered",
      );
      await kill(service);
      await loading;
      assertEquals((await watch.look()).uids, [], "a new service can take its block of users");
    }
    assertEquals(watch.blocks.length > 0, await haveOwnUsers(), "the block of each was known");
    assert(
      acknowledged.ended.size > KILLS && acknowledged.accepted.size > KILLS && acknowledged.sessions.length > KILLS,
    );
    {
      await using last = await startIn(places);
      await checkAcknowledged(new ApiClient(last), acknowledged);
      assertEquals((await watch.look()).directories.length, 2, "the living one's directory and its lock");
    }
    assertEquals(await watch.look(), NOTHING);
  }));

Deno.test("SIGKILL of the service during its start and its sweep: the next one removes what each of them left", () =>
  withPlaces(async (places) => {
    const watch = new FootprintWatch(places.scratch);
    const acknowledged: Acknowledged = { ended: new Map(), accepted: new Map(), sessions: [] };
    {
      await using first = await startIn(places);
      watch.learn(first.process.pid);
      const loading = loadService(first, acknowledged);
      await until(() => countsOf(acknowledged).every((count) => count > 1), "it has answered");
      await kill(first);
      await loading;
    }
    for (const afterMs of START_UP_MS) {
      await startAndKill(places, afterMs);
      await watch.look();
    }
    {
      await using last = await startIn(places);
      watch.learn(last.process.pid);
      await checkAcknowledged(new ApiClient(last), acknowledged);
    }
    assertEquals(await watch.look(), NOTHING);
    const names = await Array.fromAsync(Deno.readDir(places.home), ({ name }) => name);
    assertEquals(names.toSorted(), ["codebeaker.db", "instance", "instances", "self_test.json"]);
    const { length } = await Array.fromAsync(Deno.readDir(join(places.home, "instances")));
    assertEquals(length, 1);
  }));

if (isPresent("docker", await dockerAvailability("bash"))) {
  Deno.test("[docker] SIGKILL of the service under load and restart: no container is left, and nothing acknowledged is lost", () =>
    withPlaces(async (places) => {
      const env = { CODEBEAKER_DOCKER_HOST: DOCKER_HOST, CODEBEAKER_DOCKER_PULL: "never" };
      const accepted: string[] = [];
      for (let round = 0; round < 2; round++) {
        await using service = await startIn(places, [], { env });
        const client = new ApiClient(service);
        for (const code of ["echo done", "echo begun; exec sleep 1000", "echo begun; exec sleep 1000"]) {
          const run = { language: "bash", runtime: "docker", code, timeoutMs: 60_000 };
          accepted.push((await client.json("POST", "/v1/executions", run, { prefer: "respond-async" })).id);
        }
        await new Promise((resolve) => setTimeout(resolve, 400));
        await kill(service);
      }
      const instanceId = (await Deno.readTextFile(join(places.home, "instance"))).trim();
      const watch = new FootprintWatch(places.scratch, { host: DOCKER_HOST, instanceId });
      {
        await using last = await startIn(places, [], { env });
        const client = new ApiClient(last);
        for (const id of accepted) {
          const { outcome } = await client.json("GET", `/v1/executions/${id}`);
          assert(["exited", "interrupted"].includes(outcome?.kind), id);
        }
        await until(async () => (await watch.look()).containers.length === 0, "what the lost ones left is removed", {
          timeoutMs: 45_000,
        });
      }
      assertEquals(await watch.look(), NOTHING);
    }));
}

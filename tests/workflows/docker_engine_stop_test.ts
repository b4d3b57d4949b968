import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import {
  configFor,
  containersOf,
  dockerAvailability,
  type DockerUnderTest,
  openDocker,
  openEngine,
} from "../support/docker.ts";
import { type OwnEngine, ownEngineAvailability, startOwnEngine } from "../support/own_engine.ts";
import { isPresent } from "../support/requirements.ts";
import { serverEvents } from "../support/server_events.ts";
import { type Answer, ask, describe } from "../support/service_client.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const SLEEPER = { language: "bash", runtime: "docker", code: "echo begun; exec sleep 1000", timeoutMs: 120_000 };
const HELLO = { language: "bash", runtime: "docker", code: "echo hello" };
/** An answer that has not come by then never comes, also on a busy machine. */
const NEVER_MS = 120_000;
/** The same of what the reaper removes, which looks every half minute. */
const REAPED = { timeoutMs: 120_000 };

async function startService(
  engine: OwnEngine,
): Promise<ServiceProcess & { readonly instanceId: () => Promise<string> }> {
  const home = await Deno.makeTempDir();
  const service = await startServiceProcess(["--warm-max", "0"], {
    CODEBEAKER_HOME: home,
    CODEBEAKER_DOCKER_HOST: engine.host,
    CODEBEAKER_DOCKER_PULL: "never",
  });
  return {
    ...service,
    instanceId: () => Deno.readTextFile(`${home}/instance`),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
    },
  };
}

/** An Engine that has just started may fail to start its first container: runc's init was reset once in many runs. */
async function firstEnvironment({ runtime }: DockerUnderTest): Promise<ExecutionEnvironment> {
  const made: ExecutionEnvironment[] = [];
  await until(async () => {
    made.push(...await runtime.createEnvironment(configFor("bash")).then((one) => [one], () => []));
    return made.length > 0;
  }, "a container starts");
  const [first] = made;
  if (first === undefined) throw new Error("No container starts");
  return first;
}

/** A program that does not end, and what it has printed has come to the service. */
async function startSleeper(service: ServiceProcess, options = {}): Promise<{ readonly ended: Promise<Answer> }> {
  const running = ask(service, "/v1/executions", { ...SLEEPER, ...options });
  running.catch(() => {});
  const client = new ApiClient(service);
  let id: string | undefined;
  await until(async () => {
    id = (await client.json("GET", "/v1/executions?status=running")).executions[0]?.id;
    return id !== undefined;
  }, "the program runs");
  const { body } = await client.ask("GET", `/v1/executions/${id}/events`);
  assert(body !== null);
  for await (const { event } of serverEvents(body)) if (event === "stdout") break;
  return { ended: running };
}

async function isThere(service: ServiceProcess): Promise<boolean> {
  return (await describe(service, "docker")).available;
}

/** Waits until programs run: the first container of an Engine that has just started may fail, as in firstEnvironment(). */
async function untilProgramsRun(service: ServiceProcess): Promise<void> {
  await until(async () => (await ask(service, "/v1/executions", HELLO)).body.stdout === "hello\n", "programs run");
}

/** Resolves to an answer, or fails when it never comes. */
async function answerOf<T>(what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} took longer than ${NEVER_MS} ms`)), NEVER_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

if (
  isPresent("docker", await dockerAvailability("bash")) && isPresent("dockerd", await ownEngineAvailability())
) {
  const [bash = ""] = (await openEngine().listImages({ filters: { reference: ["codebeaker/bash"] } }))[0]?.RepoTags ??
    [];

  Deno.test("[dockerd] the Engine goes and comes: programs are interrupted, requests are told, nothing is left", async (t) => {
    await using engine = await startOwnEngine();
    await engine.copyImage(bash);
    await using service = await startService(engine);
    await untilProgramsRun(service);

    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await t.step(`${signal} of the Engine interrupts the program, and keeps what it printed`, async () => {
        const { ended } = await startSleeper(service);
        await engine.stop(signal);
        const { status, body } = await answerOf("the program's end", ended);
        assertEquals([status, body.outcome?.kind, body.stdout], [200, "interrupted", "begun\n"]);
        assertStringIncludes(body.outcome.reason, "Docker Engine");
      });

      await t.step(`after ${signal} the runtime says that it is not there`, async () => {
        await until(async () => !await isThere(service), "docker is unavailable");
        const readiness = async () => {
          const { runtimes } = (await ask(service, "/health/ready")).body;
          return runtimes.find(({ name }: { name: string }) => name === "docker");
        };
        // There the last answer stands for one that is slow.
        await until(async () => !(await readiness()).available, "docker is not ready");
        assert((await readiness()).reason.length > 0);
      });

      await t.step(
        `after ${signal} a request is told that the runtime is unavailable, and when to ask again`,
        async () => {
          for (const request of [HELLO, { ...HELLO, minIsolation: 9 }]) {
            const { status, body } = await answerOf("the refusal", ask(service, "/v1/executions", request));
            assertEquals([status, body.code, body.selection.chosen], [503, "runtime_unavailable", null]);
            assert(body.retryAfterMs > 0);
          }
          const { body } = await ask(service, "/v1/executions", {
            language: "typescript",
            code: "console.log(1)",
            preference: "security",
          });
          assertEquals([body.runtime, body.stdout], ["deno", "1\n"]);
        },
      );

      await t.step(`after ${signal} the runtime comes back by itself, and what it had left is removed`, async () => {
        await engine.start();
        await until(() => isThere(service), "docker is available");
        await untilProgramsRun(service);
        const id = await service.instanceId();
        await until(
          async () => (await containersOf(openEngine(engine.host), id)).length === 0,
          "no container is left",
          REAPED,
        );
      });
    }
  });

  Deno.test("[dockerd] an Engine that is frozen hangs no request, and is back when it goes on", async () => {
    await using engine = await startOwnEngine();
    await engine.copyImage(bash);
    await using service = await startService(engine);
    await untilProgramsRun(service);
    engine.signal("SIGSTOP");
    try {
      const { status, body } = await answerOf("the refusal", ask(service, "/v1/executions", HELLO));
      assertEquals([status, body.code], [503, "runtime_unavailable"]);
      await until(async () => !await isThere(service), "docker is unavailable");
      const again = await answerOf("the second refusal", ask(service, "/v1/executions", HELLO));
      assertEquals([again.status, again.body.code, again.body.selection.chosen], [503, "runtime_unavailable", null]);
    } finally {
      engine.signal("SIGCONT");
    }
    await until(() => isThere(service), "docker is available");
    await untilProgramsRun(service);
  });

  Deno.test("[dockerd] a deadline holds while the Engine is frozen", async () => {
    await using engine = await startOwnEngine();
    await engine.copyImage(bash);
    await using service = await startService(engine);
    const { ended } = await startSleeper(service, { timeoutMs: 4_000 });
    engine.signal("SIGSTOP");
    try {
      const { status, body } = await answerOf("the program's end", ended);
      assertEquals([status, body.outcome.kind, body.stdout], [200, "timed_out", "begun\n"]);
    } finally {
      engine.signal("SIGCONT");
    }
  });

  Deno.test("[dockerd] a session waits for an Engine that is frozen while its service starts, and goes on", async () => {
    await using engine = await startOwnEngine();
    await engine.copyImage(bash);
    const home = await Deno.makeTempDir();
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => Deno.remove(home, { recursive: true }));
    const settings = {
      CODEBEAKER_HOME: home,
      CODEBEAKER_DOCKER_HOST: engine.host,
      CODEBEAKER_DOCKER_PULL: "never",
    };
    const first = await startServiceProcess(["--warm-max", "0"], settings);
    const { id } = await new ApiClient(first).openSession({ language: "bash", runtime: "docker" });
    await new ApiClient(first).run(id, { code: "echo kept > note.txt" });
    first.process.kill("SIGKILL");
    await first[Symbol.asyncDispose]();
    engine.signal("SIGSTOP");
    cleanup.defer(() => engine.signal("SIGCONT"));
    await using second = await startServiceProcess(["--warm-max", "0"], settings, { mayLackRuntimes: true });
    const client = new ApiClient(second);
    const stateOf = async () => (await client.json("GET", `/v1/sessions/${id}`)).state;
    assertEquals(await stateOf(), "creating");
    engine.signal("SIGCONT");
    await until(async () => await stateOf() === "idle", "the session is attached again");
    assertEquals((await client.run(id, { code: "cat note.txt" })).stdout, "kept\n");
  });

  Deno.test("[dockerd] an environment that is disposed of while the Engine is away is reaped when it is back", async () => {
    await using engine = await startOwnEngine();
    await engine.copyImage(bash);
    await using docker = await openDocker({ dockerHost: engine.host });
    const environment = await firstEnvironment(docker);
    await until(async () => (await docker.containers()).length === 1, "nothing is left of one that failed");
    await engine.stop("SIGKILL");
    await environment[Symbol.asyncDispose]();
    assertEquals(docker.log.filter(({ message }) => message === "environment.removal_failed").length, 1);
    await until(async () => !(await docker.runtime.isAvailable()).available, "docker is unavailable");
    await engine.start();
    await until(async () => (await docker.runtime.isAvailable()).available, "docker is available");
    await until(async () => (await docker.containers()).length === 0, "the container is gone", REAPED);
  });
}

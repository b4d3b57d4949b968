import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { untilBegun } from "../support/begun.ts";
import { spawnCommandLine } from "../support/cli.ts";
import { containersOf, DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import { isPresent } from "../support/requirements.ts";
import { ask } from "../support/service_client.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const SLEEPER = { language: "bash", runtime: "docker", code: "echo begun; exec sleep 1000", timeoutMs: 60_000 };

/** Another service gives the owner half a minute to be back. */
const BY_ANOTHER = { timeoutMs: 120_000 };

/** Homes that outlive their services. */
async function withHomes(test: (homes: (name: string) => string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const names = new Set<string>();
  try {
    await test((name) => {
      names.add(name);
      return join(directory, name);
    });
  } finally {
    for (const name of names) await removeLeftovers(join(directory, name));
    await Deno.remove(directory, { recursive: true });
  }
}

function startService(home: string): Promise<ServiceProcess> {
  return startServiceProcess(["--warm-max", "0"], {
    CODEBEAKER_HOME: home,
    CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
    CODEBEAKER_DOCKER_PULL: "never",
  });
}

async function containersFrom(home: string): Promise<string[]> {
  const ids = await Array.fromAsync(Deno.readDir(join(home, "instances")), ({ name }) => name);
  const engine = openEngine();
  const found = await Promise.all(ids.map((id) => containersOf(engine, id)));
  return found.flat().map(({ Id }) => Id);
}

async function removeLeftovers(home: string): Promise<void> {
  for (const id of await containersFrom(home).catch(() => [])) {
    await openEngine().getContainer(id).remove({ force: true }).catch(() => {}); // Somebody has removed it.
  }
}

/** Starts a program that does not end, and kills its service; containers of its self-test may be there too. */
async function killInTheMiddle(service: ServiceProcess): Promise<void> {
  const running = ask(service, "/v1/executions", SLEEPER).catch(() => {});
  await untilBegun(service);
  service.process.kill("SIGKILL");
  await Promise.all([running, service.process.status]);
}

if (isPresent("docker", await dockerAvailability("bash"))) {
  Deno.test("[docker] what a killed service leaves is removed by the next one of its home", () =>
    withHomes(async (homes) => {
      const home = homes("only");
      await using first = await startService(home);
      await killInTheMiddle(first);
      assert((await containersFrom(home)).length > 0);
      await using next = await startService(home);
      await until(async () => (await containersFrom(home)).length === 0, "the container is gone");
      const { body } = await ask(next, "/v1/executions", { ...SLEEPER, code: "echo on" });
      assertEquals([body.runtime, body.stdout], ["docker", "on\n"]);
    }));

  Deno.test("[docker] what a killed service leaves is removed by another one, which keeps its own", () =>
    withHomes(async (homes) => {
      const [killedHome, otherHome] = [homes("killed"), homes("other")];
      await using other = await startService(otherHome);
      const finishing = ask(other, "/v1/executions", { ...SLEEPER, code: "echo begun; sleep 4; echo done" });
      await untilBegun(other);
      await using killed = await startService(killedHome);
      await killInTheMiddle(killed);
      await using third = await startService(homes("third"));
      await until(async () => (await containersFrom(killedHome)).length === 0, "the container is gone", BY_ANOTHER);
      const { body } = await finishing;
      assertEquals([body.outcome, body.stdout], [{ kind: "exited", exitCode: 0 }, "begun\ndone\n"]);
      assertEquals((await ask(third, "/health/live")).status, 200);
    }));

  Deno.test("[docker] SIGTERM of a service removes its containers", () =>
    withHomes(async (homes) => {
      const home = homes("only");
      await using service = await startServiceProcess(["--drain-ms", "300", "--warm-max", "0"], {
        CODEBEAKER_HOME: home,
        CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
      });
      const running = ask(service, "/v1/executions", SLEEPER);
      await untilBegun(service);
      service.process.kill("SIGTERM");
      const { body } = await running;
      assertEquals(body.outcome, { kind: "interrupted", reason: "the service was shut down" });
      assertEquals((await service.process.status).code, 0);
      assertEquals(await containersFrom(home), []);
    }));

  Deno.test("[docker] a client that goes away takes its container with it", () =>
    withHomes(async (homes) => {
      const home = homes("only");
      await using service = await startService(home);
      const abort = new AbortController();
      const gone = ask(service, "/v1/executions", SLEEPER, { signal: abort.signal }).catch(() => {});
      await untilBegun(service);
      abort.abort();
      await gone;
      await until(async () => (await containersFrom(home)).length === 0, "the container is gone");
    }));

  for (const whose of ["a service of the same home", "a service of another home", "the next one"] as const) {
    Deno.test(`[docker] what a killed \`run\` leaves is removed by ${whose}`, () =>
      withHomes(async (homes) => {
        const home = homes("run");
        const program = join(home, "main.sh");
        await Deno.mkdir(home, { recursive: true });
        await Deno.writeTextFile(program, SLEEPER.code);
        const run = startRun(home, program);
        const errors = new Response(run.stderr).text();
        const output = run.stdout.getReader();
        const { value } = await output.read();
        assertEquals(new TextDecoder().decode(value), "begun\n", value === undefined ? await errors : undefined);
        run.kill("SIGKILL");
        await Promise.all([run.status, errors]);
        await output.cancel();
        assert((await containersFrom(home)).length > 0); // Those of its self-test may be among them.
        if (whose === "the next one") {
          await Deno.writeTextFile(program, "echo on");
          const { stdout, stderr } = await startRun(home, program).output();
          assertEquals(new TextDecoder().decode(stdout), "on\n", new TextDecoder().decode(stderr));
          assertEquals(await containersFrom(home), []);
          return;
        }
        await using _service = await startService(whose.includes("another") ? homes("service") : home);
        await until(async () => (await containersFrom(home)).length === 0, "the container is gone");
      }));
  }
}

/** Starts `codebeaker run` with a program in a container. */
function startRun(home: string, program: string): Deno.ChildProcess {
  return spawnCommandLine(["run", "--runtime", "docker", program], {
    CODEBEAKER_HOME: home,
    CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
    CODEBEAKER_DOCKER_PULL: "never",
  });
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { LABELS, Reaper } from "../../../../src/runtimes/docker/container/reaper.ts";
import { Instance } from "../../../../src/host/instance.ts";
import { configFor, dockerAvailability, openDocker, openEngine, runCode, WAYS } from "../../../support/docker.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";

if (isPresent("docker", await dockerAvailability("bash"))) {
  for (const { name, singleUse } of WAYS) {
    Deno.test(`[docker, ${name}] a container says whose it is, and disposing of its environment removes it`, async () => {
      await using docker = await openDocker();
      {
        await using environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse }));
        await environment.files.write("main.sh", new TextEncoder().encode("exec sleep 1000"));
        const program = await environment.run({ kind: "file", path: "main.sh", args: [] }, {
          env: {},
          limits: DEFAULT_LIMITS,
        });
        ReadableStream.from(program.output).pipeTo(new WritableStream());
        const [container, ...others] = await docker.containers();
        assert(container !== undefined && others.length === 0);
        assertEquals(container.Labels[LABELS.instance], docker.host.instance?.id);
        assertEquals(container.Labels[LABELS.lock], docker.host.instance?.lockPath);
        assertEquals(container.Labels[LABELS.passing], "true");
        assertEquals(container.Labels[LABELS.session], environment.id);
        assertMatch(container.Labels[LABELS.created] ?? "", /^\d{4}-\d\d-\d\dT/);
      }
      assertEquals(await docker.containers(), []);
    });

    Deno.test(`[docker, ${name}] disposing twice, and of what never ran, leaves nothing`, async () => {
      await using docker = await openDocker();
      const environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse }));
      await Promise.all([environment[Symbol.asyncDispose](), environment[Symbol.asyncDispose]()]);
      assertEquals(await docker.containers(), []);
    });

    Deno.test(`[docker, ${name}] a cancelled start leaves nothing`, async () => {
      await using docker = await openDocker();
      {
        await using environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse }));
        const { outcome } = await runCode(environment, "sleep 1000", { signal: AbortSignal.abort() });
        assertEquals(outcome, { kind: "cancelled" });
      }
      assertEquals(await docker.containers(), []);
    });
  }

  Deno.test("[docker, lasting] a file can be asked for in the moment in which a program has ended", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash"));
    await environment.files.write("main.sh", new TextEncoder().encode("echo made >made.txt"));
    const program = await environment.run({ kind: "file", path: "main.sh", args: [] }, {
      env: {},
      limits: DEFAULT_LIMITS,
    });
    const reading = program.outcome.then(() => environment.files.read("made.txt"));
    await ReadableStream.from(program.output).pipeTo(new WritableStream());
    assertEquals(await new Response(await reading).text(), "made\n");
  });

  Deno.test("[docker] twenty environments at once are twenty containers, and none afterwards", async () => {
    await using docker = await openDocker();
    const outputs = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      await using environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse: true }));
      return (await runCode(environment, `echo ${index}`)).stdout;
    }));
    assertEquals(outputs, Array.from({ length: 20 }, (_, index) => `${index}\n`));
    assertEquals(await docker.containers(), []);
  });

  Deno.test("[docker] Reaper removes what belongs to a service that is gone, and nothing else", async () => {
    await using docker = await openDocker();
    const directory = await Deno.makeTempDir();
    const living = await Instance.openPassing(join(directory, "living"));
    const gone = await Instance.openLasting(join(directory, "gone"));
    const own = docker.host.instance;
    assert(own !== undefined);
    gone[Symbol.dispose](); // Its lock is free, as the kernel leaves it when a service is killed.
    const reused = await Instance.openLasting(join(directory, "reused"));
    const image = (await openEngine().listImages({ filters: { reference: ["codebeaker/bash"] } }))[0]?.Id ?? "";
    const labelled: Record<string, Record<string, string>> = {
      gone: { [LABELS.instance]: gone.id, [LABELS.lock]: gone.lockPath },
      "own, of no environment": {
        [LABELS.instance]: own.id,
        [LABELS.lock]: own.lockPath,
        [LABELS.session]: "env_none",
      },
      living: { [LABELS.instance]: living.id, [LABELS.lock]: living.lockPath },
      "own, of an environment": {
        [LABELS.instance]: own.id,
        [LABELS.lock]: own.lockPath,
        [LABELS.session]: "env_lives",
      },
      "another's lock": { [LABELS.instance]: crypto.randomUUID(), [LABELS.lock]: reused.lockPath },
      "a lock that cannot be seen": { [LABELS.instance]: gone.id, [LABELS.lock]: join(directory, "nowhere") },
      "no lock": { [LABELS.instance]: gone.id },
    };
    const made = await Promise.all(
      Object.entries(labelled).map(async ([name, Labels]) => ({
        name,
        id: (await docker.engine.createContainer({ Image: image, Cmd: ["sleep", "1000"], Labels })).id,
      })),
    );
    try {
      const clock = new FakeClock();
      const reaper = new Reaper({
        clock,
        containers: {
          list: async () =>
            (await docker.engine.listContainers({ all: true }))
              .filter(({ Id }) => made.some(({ id }) => id === Id))
              .map(({ Id, Labels }) => ({ id: Id, labels: Labels })),
          remove: (id) => docker.engine.getContainer(id).remove({ force: true }),
        },
        instanceId: own.id,
        isOurs: (session) => session === "env_lives",
        stateOf: Instance.stateOf,
        log: docker.host.log,
      });
      await reaper.runRound();
      clock.advance(30_000); // A service that is gone may restart.
      await reaper.runRound();
      const left = (await docker.engine.listContainers({ all: true })).map(({ Id }) => Id);
      assertEquals(made.filter(({ id }) => !left.includes(id)).map(({ name }) => name), [
        "gone",
        "own, of no environment",
      ]);
    } finally {
      await Promise.all(made.map(({ id }) => docker.engine.getContainer(id).remove({ force: true }).catch(() => {})));
      living[Symbol.dispose]();
      reused[Symbol.dispose]();
      await Deno.remove(directory, { recursive: true });
    }
  });

  Deno.test("[docker] a runtime removes at its start what its home's last service has left", async () => {
    await using docker = await openDocker();
    const own = docker.host.instance;
    assert(own !== undefined);
    const image = (await openEngine().listImages({ filters: { reference: ["codebeaker/bash"] } }))[0]?.Id ?? "";
    await docker.engine.createContainer({
      Image: image,
      Cmd: ["sleep", "1000"],
      Labels: { [LABELS.instance]: own.id, [LABELS.lock]: own.lockPath, [LABELS.session]: "env_before" },
    });
    assertEquals((await docker.containers()).length, 1);
    assertEquals((await docker.runtime.isAvailable()).available, true);
    await until(async () => (await docker.containers()).length === 0, "the container is gone");
  });
}

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import { LABELS } from "../../../../src/runtimes/docker/container/reaper.ts";
import type { LoadedRuntime, RuntimeConfig, RuntimeHost } from "../../../../src/runtimes/port.ts";
import { Instance } from "../../../../src/host/instance.ts";
import {
  configFor,
  containersOf,
  DOCKER_HOST,
  dockerAvailability,
  openEngine,
  runCode,
} from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";
import { until } from "../../../support/until.ts";
import { loseService } from "./lost_service.ts";

const SETTINGS = { dockerHost: DOCKER_HOST, dockerPull: "never" };
/** A process by which a program is known that goes on. */
const STRAY = "sleep 86399";
const STORY = {
  before: "echo kept > kept.txt; ln -s kept.txt link; echo temporary > /tmp/kept.txt",
  during: `${STRAY} & setsid ${STRAY} & echo begun; exec ${STRAY}`,
};
const VARIABLES = { GREETING: "two words", LANG: "C", EMPTY: "", LINES: "a\nb=c" };

/** A service that has come back to the home of one that was lost. */
interface Restarted extends AsyncDisposable {
  /** The environment that the lost one had. */
  readonly id: string;
  readonly recoverable: Set<string>;
  readonly runtime: LoadedRuntime;
  readonly host: RuntimeHost;
  containers(): ReturnType<typeof containersOf>;
}

async function restart(
  { config, ...story }: { readonly config: RuntimeConfig; readonly during?: string },
): Promise<Restarted> {
  await using stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const home = join(directory, "home");
  const id = await loseService({ home, settings: SETTINGS, config, ...STORY, ...story });
  const instance = stack.use(await Instance.openLasting(home));
  const engine = openEngine();
  const containers = () => containersOf(engine, instance.id);
  stack.defer(async () => {
    for (const { Id } of await containers()) await engine.getContainer(Id).remove({ force: true });
  });
  const recoverable = new Set([id]);
  const host = stack.use(await openRuntimeHost({ instance, recoverable, settings: { docker: SETTINGS } }));
  const runtime = stack.use(create(host));
  const owned = stack.move();
  return { id, recoverable, runtime, host, containers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The command lines in a container. */
async function processesOf(containerId: string): Promise<string[]> {
  const { Processes } = await openEngine().getContainer(containerId).top({ ps_args: "-eo pid,args" });
  return Processes.map((words: readonly string[]) => words.join(" "));
}

if (isPresent("docker", await dockerAvailability("bash", "python"))) {
  Deno.test("[docker] an environment that outlived its service is attached again, as it was and with nothing running", async () => {
    const config = configFor("bash", { environmentVariables: VARIABLES });
    await using service = await restart({ config });
    const [before] = await service.containers();
    assert(before !== undefined);
    assertEquals(before.Labels[LABELS.passing], undefined);
    await until(
      async () => (await processesOf(before.Id)).filter((line) => line.includes(STRAY)).length >= 3,
      "the lost program runs",
    );
    {
      await using environment = await service.runtime.reattachEnvironment?.(service.id, configFor("bash"));
      assertEquals(environment?.id, service.id);
      assert(environment !== undefined);
      await until(
        async () => !(await processesOf(before.Id)).some((line) => line.includes(STRAY)),
        "the lost program is gone",
      );
      const result = await runCode(
        environment,
        'cat kept.txt link /tmp/kept.txt; printf "%s|" "$GREETING" "$LANG" "${EMPTY-unset}" "$LINES" "$HOME"',
      );
      assertEquals(result.stdout, "kept\nkept\ntemporary\ntwo words|C||a\nb=c|/tmp|", result.stderr);
      assertEquals((await runCode(environment, "sleep 1000 & echo again")).stdout, "again\n");
      assertEquals((await environment.files.stat("kept.txt")).size, 5);
      assertEquals((await service.containers()).map(({ Id }) => Id), [before.Id]);
    }
    assertEquals(await service.containers(), []);
  });

  Deno.test("[docker] an environment attached again keeps variables that stand in place of the language's own", async () => {
    const config = configFor("python", { environmentVariables: { PYTHONUNBUFFERED: "" } });
    await using service = await restart({
      config,
      during: "import time\nprint('begun', flush=True)\ntime.sleep(1000)",
    });
    await using environment = await service.runtime.reattachEnvironment?.(service.id, configFor("python"));
    assert(environment !== undefined);
    const code = "import os; print([os.environ.get('PYTHONUNBUFFERED'), os.environ.get('PYTHONDONTWRITEBYTECODE')])";
    assertEquals((await runCode(environment, code)).stdout, "['', '1']\n");
  });

  Deno.test("[docker] an environment whose container has stopped is not attached again, and removed", async () => {
    await using service = await restart({ config: configFor("bash") });
    const [container] = await service.containers();
    await openEngine().getContainer(container?.Id ?? "").kill();
    assertEquals(await service.runtime.reattachEnvironment?.(service.id, configFor("bash")), undefined);
    assertEquals(await service.containers(), []);
  });

  Deno.test("[docker] an environment that a lost program has filled with processes is attached again without them", async () => {
    const during = `for i in $(seq 200); do ${STRAY} & done 2>/dev/null; echo begun; exec ${STRAY}`;
    await using service = await restart({ config: configFor("bash"), during: `echo begun; ${during}` });
    const [container] = await service.containers();
    assert(container !== undefined);
    const { HostConfig } = await openEngine().getContainer(container.Id).inspect();
    const room = async () => (HostConfig.PidsLimit ?? 0) - (await processesOf(container.Id)).length;
    await until(async () => await room() <= 1, "there is no room for another process");
    await using environment = await service.runtime.reattachEnvironment?.(service.id, configFor("bash"));
    assert(environment !== undefined);
    assertEquals((await runCode(environment, "cat kept.txt | cat")).stdout, "kept\n");
    assert(!(await processesOf(container.Id)).some((line) => line.includes(STRAY)));
  });

  Deno.test("[docker] an environment that is gone, another's or of a language that is gone is not attached again", async () => {
    await using service = await restart({ config: configFor("bash") });
    const { runtime, id } = service;
    assertEquals(await runtime.reattachEnvironment?.("env_none", configFor("bash")), undefined);
    const [container] = await service.containers();
    assert(container !== undefined);
    const engine = openEngine();
    const others = await engine.createContainer({
      Image: container.ImageID,
      Cmd: ["sleep", "1000"],
      Labels: { [LABELS.instance]: crypto.randomUUID(), [LABELS.session]: "env_others" },
    });
    try {
      await others.start();
      assertEquals(await runtime.reattachEnvironment?.("env_others", configFor("bash")), undefined);
      assertEquals((await others.inspect()).State.Running, true);
    } finally {
      await others.remove({ force: true });
    }
    assertEquals((await service.containers()).length, 1);
    assertEquals(await runtime.reattachEnvironment?.(id, configFor("cobol")), undefined);
    assertEquals(await service.containers(), []);
  });

  Deno.test("[docker] what a lost service ran beside a lasting container is removed when it is attached again", async () => {
    await using service = await restart({ config: configFor("bash") });
    const [lasting] = await service.containers();
    assert(lasting !== undefined);
    const engine = openEngine();
    const beside = await engine.createContainer({
      Image: lasting.ImageID,
      Cmd: ["sleep", "1000"],
      User: "65534:65534",
      Labels: lasting.Labels,
    });
    await beside.start();
    await using environment = await service.runtime.reattachEnvironment?.(service.id, configFor("bash"));
    assertEquals(environment?.id, service.id);
    assertEquals((await service.containers()).map(({ Id }) => Id), [lasting.Id]);
  });

  Deno.test("[docker] an environment whose programs got a network is not attached again to one without", async () => {
    await using service = await restart({ config: configFor("bash") });
    const [container] = await service.containers();
    const engine = openEngine();
    const network = await engine.createNetwork({ Name: `codebeaker-test-${crypto.randomUUID()}`, Internal: true });
    try {
      const { Config, Image } = await engine.getContainer(container?.Id ?? "").inspect();
      await engine.getContainer(container?.Id ?? "").remove({ force: true });
      const connected = await engine.createContainer({
        ...Config,
        Image,
        HostConfig: { NetworkMode: network.id },
      });
      await connected.start();
      assertEquals(await service.runtime.reattachEnvironment?.(service.id, configFor("bash")), undefined);
      assertEquals(await service.containers(), []);
    } finally {
      await network.remove();
    }
  });

  Deno.test("[docker] no reaper takes a survivor; one that was given up is taken", async () => {
    await using service = await restart({ config: configFor("bash") });
    {
      await using first = create(service.host);
      assertEquals((await first.isAvailable()).available, true);
    } // Its first round is over.
    assertEquals((await service.containers()).length, 1);
    service.recoverable.delete(service.id);
    await using second = create(service.host);
    assertEquals((await second.isAvailable()).available, true);
    await until(async () => (await service.containers()).length === 0, "the container is gone");
  });

  Deno.test("[docker] no reaper takes an environment that was attached again and is no survivor any more", async () => {
    await using service = await restart({ config: configFor("bash") });
    await using environment = await service.runtime.reattachEnvironment?.(service.id, configFor("bash"));
    assert(environment !== undefined);
    service.recoverable.delete(service.id);
    await service.runtime[Symbol.asyncDispose](); // Whatever round there was is over.
    assertEquals((await runCode(environment, "cat kept.txt")).stdout, "kept\n");
  });
}

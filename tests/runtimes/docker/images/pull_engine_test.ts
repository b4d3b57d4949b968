import type { Readable } from "node:stream";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { configFor, dockerAvailability, openDocker, openEngine, runCode } from "../../../support/docker.ts";
import { type OwnRegistry, registryAvailability, startOwnRegistry } from "../../../support/own_registry.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";

const HELLO = "echo hello";

async function isHere(image: string): Promise<boolean> {
  return await openEngine().getImage(image).inspect().then(() => true, () => false);
}

async function hello(docker: Awaited<ReturnType<typeof openDocker>>, environment = "bash"): Promise<string> {
  await using made = await docker.runtime.createEnvironment(configFor(environment, { singleUse: true }));
  return (await runCode(made, HELLO)).stdout;
}

/**
 * Counts how often the Engine pulls an image, as it says itself. The Engine keeps the last 256 events alone, so they are
 * listened to.
 */
async function countPulls(image: string) {
  const filters = { type: ["image" as const], event: ["pull" as const], image: [image] };
  const events = await openEngine().getEvents({ filters }) as Readable;
  let text = "";
  events.on("data", (bytes: Uint8Array) => text += new TextDecoder().decode(bytes));
  return {
    get count() {
      return text.split("\n").filter((line) => line.includes(image)).length;
    },
    [Symbol.dispose]: () => events.destroy(),
  };
}

function pullsIn(docker: Awaited<ReturnType<typeof openDocker>>): string[] {
  return docker.log.map(({ message }) => message).filter((message) => message === "image.pulled");
}

if (
  isPresent("docker", await dockerAvailability("bash")) && isPresent("docker-registry", await registryAvailability())
) {
  const [local = ""] = (await openEngine().listImages({ filters: { reference: ["codebeaker/bash"] } }))[0]?.RepoTags ??
    [];
  const withRegistry = (name: string, test: (registry: OwnRegistry, image: string) => Promise<void>) =>
    Deno.test(`[docker-registry] ${name}`, async () => {
      await using registry = await startOwnRegistry();
      await test(registry, await registry.push(local, `bash-${crypto.randomUUID()}:1`));
    });

  withRegistry(
    "ten requests for a missing image pull it once, and the next ones not at all",
    async (_registry, image) => {
      using pulls = await countPulls(image);
      await using docker = await openDocker({ dockerPull: "missing", dockerEnvironments: { bash: { image } } });
      assertEquals(await docker.runtime.isAvailable("bash"), { available: true });
      assertEquals(await isHere(image), false);
      assertEquals(await Promise.all(Array.from({ length: 10 }, () => hello(docker))), Array(10).fill("hello\n"));
      assertEquals(pullsIn(docker).length, 1);
      const [begun] = docker.log;
      assertEquals([begun?.message, begun?.facts["image"]], ["image.pull_started", image]);
      await until(() => pulls.count > 0, "the Engine tells of a pull");
      assertEquals(await hello(docker), "hello\n");
      assertEquals([pullsIn(docker).length, pulls.count], [1, 1]);
    },
  );

  withRegistry(
    "with pulling off an image that is not here makes its own environment unavailable",
    async (_registry, image) => {
      using pulls = await countPulls(image);
      await using docker = await openDocker({
        dockerPull: "never",
        dockerEnvironments: { absent: { image, file: "main.sh", run: ["bash", "{file}"] } },
      });
      assertEquals(await docker.runtime.isAvailable("absent"), {
        available: false,
        reason: `the image ${image} is not here and pulling is off`,
        remedy: `pull it (docker pull ${image}), or let the service pull images (--docker-pull missing)`,
      });
      assertEquals([await docker.runtime.isAvailable(), await docker.runtime.isAvailable("bash")], [
        { available: true },
        { available: true },
      ]);
      const error = await assertRejects(() => hello(docker, "absent"), CodeBeakerError);
      assertEquals(error.code, "runtime_unavailable");
      assertEquals([await hello(docker), pulls.count], ["hello\n", 0]);
    },
  );

  withRegistry("an image that does not exist is asked for once, and its reason remembered", async (registry) => {
    const image = `${registry.address}/nothing:1`;
    await using docker = await openDocker({
      dockerPull: "missing",
      dockerEnvironments: { nothing: { image, file: "main.sh", run: ["bash", "{file}"] } },
    });
    for (let round = 0; round < 2; round++) {
      const error = await assertRejects(() => hello(docker, "nothing"), CodeBeakerError);
      assertEquals(error.code, "runtime_unavailable");
      assertStringIncludes(error.message, `the image ${image} cannot be pulled`);
    }
    assertEquals(docker.log.filter(({ message }) => message === "image.pull_failed").length, 1);
    const answer = await docker.runtime.isAvailable("nothing");
    assertStringIncludes(answer.available ? "" : answer.reason, `the image ${image} cannot be pulled`);
    assertEquals(await docker.runtime.isAvailable(), { available: true });
    assertEquals(await hello(docker), "hello\n");
  });

  withRegistry("`always` pulls at the first use after each start, and then no more", async (_registry, image) => {
    using pulls = await countPulls(image);
    const settings = { dockerPull: "always", dockerEnvironments: { bash: { image } } };
    for (let start = 0; start < 2; start++) {
      await using docker = await openDocker(settings);
      assertEquals([await hello(docker), await hello(docker)], ["hello\n", "hello\n"]);
      await until(() => pulls.count > start, "the Engine tells of a pull");
      assertEquals([pullsIn(docker).length, pulls.count], [1, start + 1]);
    }
  });
}

import { assert, assertEquals } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import { findNode, findOnPath, nodeAvailability } from "../support/find_node.ts";
import { freePort } from "../support/free_port.ts";
import { openNpmPackage } from "../support/npm_package.ts";
import { isPresent, NOT_YET } from "../support/requirements.ts";
import { buildImage, callTool } from "../support/service_image.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const NODES = [20, 24];
const KEY = "the-key-of-the-image-of-a-test-0123456789";

const directory = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
const { empty, installed, npxCommand, variablesFor } = await openNpmPackage(directory);
const hasEngine = isPresent("docker", await dockerAvailability("bash"));

/** Runs a program without a word about the runtime, and one on Docker. */
async function runPrograms(client: ApiClient, places: readonly (string | undefined)[]): Promise<void> {
  for (const runtime of places) {
    const language = runtime === undefined ? "typescript" : "bash";
    const code = runtime === undefined ? "console.log(42 as number)" : "echo 42";
    const body = { language, code, ...(runtime === undefined ? {} : { runtime }) };
    const answer = await client.json("POST", "/v1/executions", body);
    assertEquals({ runtime, stdout: answer.stdout }, { runtime, stdout: "42\n" });
  }
}

/** Waits until each runtime has answered, which loads the code of all of them; returns the obstacles by their runtimes. */
async function obstacles(client: ApiClient): Promise<Map<string, string | undefined>> {
  let answer: { readonly runtimes: readonly { readonly name: string; readonly reason?: string }[] } = { runtimes: [] };
  await until(async () => {
    answer = await client.json("GET", "/health/ready");
    return !answer.runtimes.some(({ reason = "" }) => NOT_YET.test(reason));
  }, "every runtime has answered");
  return new Map(answer.runtimes.map(({ name, reason }) => [name, reason]));
}

for (const major of isPresent("npm_registry", installed) ? NODES : []) {
  const node = await findNode(major);
  if (!isPresent(`node${major}`, nodeAvailability(major, node)) || node === undefined) continue;

  Deno.test(`[Node ${major}] the npm package serves on a machine without Docker, until it is stopped`, async () => {
    const options = { command: npxCommand("serve"), cwd: empty };
    await using service = await startServiceProcess([], variablesFor(node), options);
    const client = new ApiClient(service);
    assert((await obstacles(client)).get("docker")?.startsWith("there is no Docker socket"));
    await runPrograms(client, [undefined]);
    service.process.kill("SIGTERM");
    await service.process.status;
    assert(!service.log().includes('"level":"ERROR"'), service.log());
  });

  if (!hasEngine) continue;
  Deno.test(`[Node ${major}] the npm package serves beside a Docker socket, until it is stopped`, async () => {
    const options = { command: npxCommand("serve"), cwd: empty };
    const variables = { ...variablesFor(node), DOCKER_HOST, CODEBEAKER_DOCKER_PULL: "never" };
    await using service = await startServiceProcess([], variables, options);
    const client = new ApiClient(service);
    assertEquals((await obstacles(client)).get("docker"), undefined);
    await runPrograms(client, [undefined, "docker"]);
    service.process.kill("SIGTERM");
    await service.process.status;
    assert(!service.log().includes('"level":"ERROR"'), service.log());
  });
}

const socket = DOCKER_HOST.startsWith("unix://") ? DOCKER_HOST.slice("unix://".length) : undefined;
if (hasEngine && socket !== undefined && findOnPath("docker") !== undefined) {
  Deno.test("the image serves beside the Engine's socket, until it is stopped", async () => {
    const name = `codebeaker-test-${crypto.randomUUID().slice(0, 8)}`;
    const port = freePort();
    const env = { DOCKER_HOST };
    await buildImage(name);
    try {
      const published = ["--publish", `127.0.0.1:${port}:8000`, "--volume", `${socket}:/var/run/docker.sock`];
      const variables = ["--env", `CODEBEAKER_API_KEYS=test=${KEY}`, "--env", "CODEBEAKER_DOCKER_PULL=never"];
      await callTool("docker", ["run", "--detach", "--name", name, ...published, ...variables, name], env);
      const client = new ApiClient({ url: `http://127.0.0.1:${port}` }, KEY);
      await until(() => client.ask("GET", "/health/live").then(({ ok }) => ok, () => false), "the image serves");
      assertEquals((await obstacles(client)).get("docker"), undefined);
      await runPrograms(client, [undefined, "docker"]);
      await callTool("docker", ["stop", name], env);
      assertEquals((await openEngine().getContainer(name).inspect()).State.ExitCode, 0);
    } finally {
      await openEngine().getContainer(name).remove({ force: true, v: true }).catch(() => {}); // It may not have begun.
      await openEngine().getImage(name).remove();
    }
  });
}

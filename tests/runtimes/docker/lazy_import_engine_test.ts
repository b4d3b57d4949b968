import { assertEquals } from "@std/assert";
import { DOCKER_HOST, dockerAvailability } from "../../support/docker.ts";
import { isPresent } from "../../support/requirements.ts";
import { PROJECT } from "../../support/service_process.ts";

/** A program that asks a runtime whether it is there, and prints the answer and whether the client's package is loaded. */
const ASKING = `
import { createRequire } from "node:module";
import { createRuntimes } from "./src/runtimes/registry.ts";
import { testedAvailability } from "./tests/support/requirements.ts";
import { openRuntimeHost } from "./tests/support/runtime_host.ts";
const settings = { docker: { dockerHost: Deno.args[0], dockerPull: "never" } };
await using host = await openRuntimeHost({ settings });
const docker = createRuntimes(host).find(({ name }) => name === "docker");
const answer = await testedAvailability(docker);
await docker[Symbol.asyncDispose]();
const isLoaded = Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("/dockerode/"));
console.log(JSON.stringify({ ...answer, isLoaded }));
`;

async function askInFreshProcess(host: string): Promise<{ available: boolean; reason?: string; isLoaded: boolean }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", "-", host],
    cwd: PROJECT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Response(ASKING).body?.pipeTo(child.stdin);
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("[docker] without a socket the runtime says so, and its client is not loaded", async () => {
  const path = "/nowhere/docker.sock";
  const { available, reason, isLoaded } = await askInFreshProcess(`unix://${path}`);
  assertEquals([available, reason, isLoaded], [false, `there is no Docker socket at ${path}`, false]);
});

if (isPresent("docker", await dockerAvailability())) {
  Deno.test("[docker] with a socket its client is loaded when it is asked", async () => {
    assertEquals(await askInFreshProcess(DOCKER_HOST), { available: true, isLoaded: true });
  });
}

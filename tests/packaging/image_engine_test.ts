import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import { findOnPath } from "../support/find_node.ts";
import { freePort } from "../support/free_port.ts";
import { isPresent } from "../support/requirements.ts";
import { buildImage, callTool } from "../support/service_image.ts";
import { PROJECT } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const KEY = "the-key-of-the-image-of-a-test-0123456789";
const KEYS = JSON.stringify([{ name: "test", key: KEY, scopes: ["admin", "execute", "sessions"] }]);

const absent = ["docker", "docker-compose", "bwrap"].filter((tool) => findOnPath(tool) === undefined);
const compose: Availability = absent.length > 0
  ? { available: false, reason: `${absent.join(" and ")} cannot be found` }
  : { available: true };

if (isPresent("docker/typescript", await dockerAvailability("typescript")) && isPresent("docker-compose", compose)) {
  Deno.test("the image serves as compose.yaml runs it: at isolation 8, with users of its own, until it is stopped; compose.native.yaml gives 8 to its languages", async () => {
    const name = `codebeaker-test-${crypto.randomUUID().slice(0, 8)}`;
    const directory = await Deno.makeTempDir();
    await buildImage(name);
    try {
      // In place of the package: no registry is asked.
      const bubblewrap = join(directory, "bubblewrap.yaml");
      const path = findOnPath("bwrap");
      await Deno.writeTextFile(bubblewrap, `services: { codebeaker: { volumes: ["${path}:/usr/bin/bwrap:ro"] } }`);
      const native = join(PROJECT, "packaging/compose.native.yaml");
      const results = await Promise.allSettled([
        serve(name, { files: [], name, native: 7, layers: ["landlock", "own_user"] }),
        serve(name, {
          files: [native, bubblewrap],
          name: `${name}-native`,
          native: 8,
          layers: ["namespaces", "cgroup"],
        }),
      ]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    } finally {
      await openEngine().getImage(name).remove();
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** How compose runs the image, and the isolation of its languages then. */
interface Serving {
  readonly name: string;
  /** Files beside compose.yaml. */
  readonly files: readonly string[];
  readonly native: number;
  readonly layers: readonly string[];
}

/** Runs the image by compose, checks its isolation, and stops it. */
async function serve(image: string, { files, layers, name, native }: Serving): Promise<void> {
  const port = freePort();
  const env = { DOCKER_HOST, CODEBEAKER_IMAGE: image, CODEBEAKER_API_KEYS: KEYS, CODEBEAKER_PORT: String(port) };
  const named = [join(PROJECT, "packaging/compose.yaml"), ...files].flatMap((file) => ["--file", file]);
  const callCompose = (...args: readonly string[]) =>
    callTool("docker-compose", [...named, "--project-name", name, ...args], env);
  try {
    await callCompose("up", "--no-build", "--detach");
    const container = openEngine().getContainer(`${name}-codebeaker-1`);
    const stateOf = async () => (await container.inspect()).State;
    await until(async () => (await stateOf()).Health?.Status === "healthy", "the image is healthy");
    const client = new ApiClient({ url: `http://127.0.0.1:${port}` }, KEY);
    for (const [language, code] of [["typescript", "console.log(42 as number)"], ["bash", "echo 42"]]) {
      const { stdout } = await client.json("POST", "/v1/executions", { language, code });
      assertEquals({ language, stdout }, { language, stdout: "42\n" });
    }
    const { runtimes } = await client.json("GET", "/v1/diagnostics");
    const found = new Map((runtimes as readonly Diagnosis[]).map((each) => [each.runtime, each]));
    assertEquals([found.get("deno")?.level, found.get("native")?.level], [8, native]);
    const active = found.get("deno")?.layers.filter((layer) => layer.active).map((layer) => layer.name);
    for (const layer of ["seccomp", "no_new_privs", ...layers]) {
      assertEquals(active?.includes(layer), true, `${layer} is not among ${active}`);
    }
    await callCompose("stop");
    assertEquals((await stateOf()).ExitCode, 0);
  } finally {
    await callCompose("down", "--volumes");
  }
}

interface Diagnosis {
  readonly runtime: string;
  readonly level: number;
  readonly layers: readonly { readonly name: string; readonly active: boolean }[];
}

import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { openEngine } from "./docker.ts";
import { freePort } from "./free_port.ts";
import { until } from "./until.ts";
import { programAvailability } from "./requirements.ts";

/** A registry of a test's own, on this machine. */
export interface OwnRegistry extends AsyncDisposable {
  /** Where it listens, as the first part of an image's name. */
  readonly address: string;
  /** Puts an image of the tests' Engine into it, and takes the new name away from the Engine. */
  push(image: string, as: string): Promise<string>;
}

/** Whether a registry can be had. */
export async function registryAvailability(): Promise<Availability> {
  return await programAvailability("docker-registry");
}

/** Starts a registry on a free port of the loopback, which every Engine takes without TLS. */
export async function startOwnRegistry(): Promise<OwnRegistry> {
  const directory = await Deno.makeTempDir({ prefix: "codebeaker-registry-" });
  const port = freePort();
  const address = `127.0.0.1:${port}`;
  const names = new Set<string>();
  await Deno.writeTextFile(
    join(directory, "config.yml"),
    [
      "version: 0.1",
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(directory, "data"))} } }`,
      `http: { addr: ${JSON.stringify(address)} }`,
      "log: { level: error }",
    ].join("\n"),
  );
  const child = new Deno.Command("docker-registry", {
    args: ["serve", join(directory, "config.yml")],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(
    () =>
      fetch(`http://${address}/v2/`).then(
        async (response) => (await response.body?.cancel(), response.ok),
        () => false,
      ),
    "the registry answers",
  );
  return {
    address,
    async push(image, as) {
      const engine = openEngine();
      const [repo = "", tag = "1"] = as.split(":");
      const name = `${address}/${repo}:${tag}`;
      names.add(name);
      await engine.getImage(image).tag({ repo: `${address}/${repo}`, tag });
      const stream = await engine.getImage(name).push({ authconfig: { username: "", password: "" } });
      await new Promise<void>((resolve, reject) =>
        engine.modem.followProgress(stream, (error: Error | null) => error === null ? resolve() : reject(error))
      );
      await engine.getImage(name).remove();
      return name;
    },
    async [Symbol.asyncDispose]() {
      for (const name of names) await openEngine().getImage(name).remove().catch(() => {}); // It was not pulled.
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

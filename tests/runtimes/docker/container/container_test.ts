import { assertEquals, assertRejects } from "@std/assert";
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { Container } from "../../../../src/runtimes/docker/container/container.ts";
import type { EngineClient } from "../../../../src/runtimes/docker/engine/engine_client.ts";
import { EngineExecs } from "../../../../src/runtimes/docker/engine/engine_execs.ts";
import { frame } from "../engine/frames.ts";

/** A client of one container, in which a process that sends SIGKILL kills every other process that sends a signal. */
function killingClient(): { readonly client: EngineClient; readonly killed: string[] } {
  const killed: string[] = [];
  let senders = 0;
  const execs = {
    start() {
      const own = ++senders;
      return Promise.resolve({
        execId: `exec ${own}`,
        stdin: new WritableStream<Uint8Array>(),
        frames: (async function* () {
          await new Promise((resolve) => setTimeout(resolve));
          if (own === senders) yield frame("stdout", "sent\n");
        })(),
        [Symbol.dispose]() {},
      });
    },
  };
  const containers = { kill: (id: string) => Promise.resolve(void killed.push(id)) };
  return { client: { execs, containers } as unknown as EngineClient, killed };
}

Deno.test("Container.signal() keeps the container though two SIGKILLs are asked for at once", async () => {
  const { client, killed } = killingClient();
  const container = new Container(client, "c", { group: undefined });
  const known = await Promise.all([container.signal("SIGKILL", -1), container.signal("SIGKILL", -42)]);
  assertEquals([known, killed], [[false, false], []]);
});

Deno.test("Container.exec() says that a container that does not run has ended", async () => {
  const refusal = Object.assign(new Error("(HTTP code 409) container c is not running"), { statusCode: 409 });
  const docker = { getContainer: () => ({ exec: () => Promise.reject(refusal) }) } as unknown as Docker;
  const container = new Container({ execs: new EngineExecs(docker) } as EngineClient, "c", { group: undefined });
  const error = await assertRejects(() => container.exec(["true"]), CodeBeakerError, "container has ended");
  assertEquals([error.code, error.cause], ["runtime_unavailable", refusal]);
});

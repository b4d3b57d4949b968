import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { delay } from "../../../../src/concurrency/delay.ts";
import { EngineClient } from "../../../../src/runtimes/docker/engine/engine_client.ts";
import {
  EngineConnection,
  type EngineConnectionOptions,
} from "../../../../src/runtimes/docker/engine/engine_connection.ts";
import { until } from "../../../support/until.ts";

/** Serves as an Engine that answers everything alike. */
function serveEngine(path: string): Deno.HttpServer<Deno.UnixAddr> {
  return Deno.serve({ transport: "unix", path, onListen: () => {} }, () => Response.json({ OSType: "linux" }));
}

/** Connects to a socket on which a test may listen as an Engine. */
async function withSocket(
  test: (path: string, connection: EngineConnection) => Promise<void>,
  options: Pick<EngineConnectionOptions, "createClient"> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "engine.sock");
  try {
    const host = `unix://${path}`;
    const nothing = { certPath: undefined, onConnect: () => {}, onAnswer: () => {} };
    await test(path, new EngineConnection({ host, ...nothing, ...options }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("EngineConnection has a remedy where no Engine was ever there", () =>
  withSocket(async (path, connection) => {
    const answer = await connection.probe();
    assert(!answer.available);
    assertEquals(answer.reason, `there is no Docker socket at ${path}`);
    assertStringIncludes(answer.remedy ?? "", "install Docker Engine");
    assertEquals(connection.revision, 1);
  }));

Deno.test("EngineConnection has no remedy where an Engine that was there is lost, as it may come back", () =>
  withSocket(async (path, connection) => {
    const engine = serveEngine(path);
    await until(async () => (await connection.probe()).available, "it answers");
    await engine.shutdown();
    await Deno.remove(path).catch(() => {}); // Shutting down may have removed it.
    assertEquals(connection.revision, undefined);
    await until(async () => !(await connection.probe()).available, "the loss is noticed");
    assertEquals(connection.revision, undefined);
    assertEquals(await connection.probe(), { available: false, reason: `there is no Docker socket at ${path}` });
  }));

/** Longer than an Engine may take to answer. */
const LOADING_MS = 2_200;

Deno.test("EngineConnection counts no time of the Engine's while its client is loaded, as a busy machine takes long for that", () =>
  withSocket(async (path, connection) => {
    const engine = serveEngine(path);
    assertEquals(await connection.probe(), { available: true });
    await engine.shutdown();
  }, { createClient: (address) => delay(LOADING_MS).then(() => EngineClient.create(address)) }));

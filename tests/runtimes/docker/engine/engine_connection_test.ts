import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { EngineConnection } from "../../../../src/runtimes/docker/engine/engine_connection.ts";
import { until } from "../../../support/until.ts";

/** Connects to a socket on which a test may listen as an Engine. */
async function withSocket(test: (path: string, connection: EngineConnection) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "engine.sock");
  try {
    const host = `unix://${path}`;
    await test(path, new EngineConnection({ host, certPath: undefined, onConnect: () => {}, onAnswer: () => {} }));
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
  }));

Deno.test("EngineConnection has no remedy where an Engine that was there is lost, as it may come back", () =>
  withSocket(async (path, connection) => {
    const engine = Deno.serve(
      { transport: "unix", path, onListen: () => {} },
      () => Response.json({ OSType: "linux" }),
    );
    await until(async () => (await connection.probe()).available, "it answers");
    await engine.shutdown();
    await Deno.remove(path).catch(() => {}); // Shutting down may have removed it.
    await until(async () => !(await connection.probe()).available, "the loss is noticed");
    assertEquals(await connection.probe(), { available: false, reason: `there is no Docker socket at ${path}` });
  }));

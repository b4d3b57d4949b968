import { assertEquals, assertStringIncludes } from "@std/assert";
import { startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { NOTHING_RUNS } from "../support/variables.ts";

Deno.test("--log-file takes the log in place of stderr, and SIGHUP opens it anew", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/service.log`;
    const eventsIn = async (file: string) =>
      (await Deno.readTextFile(file)).trim().split("\n").map((line) => JSON.parse(line).message);
    {
      await using service = await startServiceProcess(["--log-file", path], NOTHING_RUNS, { mayLackRuntimes: true });
      await (await fetch(`${service.url}/v1/nothing`)).body?.cancel();
      await until(async () => (await Deno.readTextFile(path)).includes("/v1/nothing"), "the request is logged");
      await Deno.rename(path, `${path}.1`);
      service.process.kill("SIGHUP");
      await until(() => Deno.stat(path).then(() => true, () => false), "there is another file");
      await until(async () => (await Deno.readTextFile(path)).includes("log.reopened"), "the log says so");
      await (await fetch(`${service.url}/v1/nothing-else`)).body?.cancel();
      await until(async () => (await Deno.readTextFile(path)).includes("/v1/nothing-else"), "it goes on there");
      service.process.kill("SIGTERM");
      assertEquals((await service.process.status).code, 0);
      assertEquals(service.log(), "");
    }
    assertStringIncludes(await Deno.readTextFile(`${path}.1`), "/v1/nothing");
    assertEquals((await eventsIn(path))[0], "log.reopened");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

import { assert, assertEquals } from "@std/assert";
import type { Candidate } from "../../src/core/selection.ts";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const LANGUAGE = { language: "typescript" };
/** It lives long enough for its memory to be measured. */
const PROGRAM = { language: "typescript", code: "setTimeout(() => console.log(1), 500)" };

/** The candidates that passed every filter. */
function passedOf(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ passed }) => passed);
}

Deno.test("a service believes its own measurements as soon as there are enough, and says so", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const inputs = async () => (await client.json("POST", "/v1/runtimes/select", LANGUAGE)).candidates[0].inputs;
  for (let round = 0; round < 5; round++) {
    assertEquals(await inputs().then(({ source }) => source), "declared");
    assertEquals((await client.json("POST", "/v1/executions", PROGRAM)).exitCode, 0);
  }
  const { runtimes: [{ measured }] } = await client.json("GET", "/v1/runtimes");
  assertEquals(measured.samples, 5);
  const { isolationLevel: _, ...figures } = await inputs();
  assertEquals(figures, {
    startupMs: Math.round(measured.startupMs.p50),
    memoryMb: Math.round(measured.memoryMb.p50),
    source: "measured",
    path: "cold",
  });
});

if (isPresent("docker", await dockerAvailability("typescript", "javascript"))) {
  Deno.test("[docker] a service measures by itself what several runtimes can run, counts none of it as an execution", async () => {
    // One that finds a runtime too busy to answer does not measure it: on a busy machine another service does.
    const measures = async () => {
      await using service = await startServiceProcess([], {
        CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
        CODEBEAKER_DOCKER_PULL: "never",
        CODEBEAKER_PROBE: "true",
      });
      const client = new ApiClient(service);
      const profiles = async () => {
        const { runtimes } = await client.json("GET", "/v1/runtimes");
        return ["deno", "docker"].map((wanted) =>
          runtimes.find(({ name }: { name: string }) => name === wanted).measured
        );
      };
      // Whether their memory was seen, without which no figures are believed, depends on how busy the machine is.
      const areMeasured = async () => (await profiles()).every(({ samples }) => samples >= 5);
      const isMeasured = await until(areMeasured, "", { timeoutMs: 60_000 }).then(() => true, () => false);
      if (!isMeasured) return false;
      assertEquals((await profiles()).map(({ failures }) => failures), [0, 0]);
      const { candidates } = await client.json("POST", "/v1/runtimes/select", LANGUAGE);
      assertEquals(passedOf(candidates).length, 2); // Which is chosen depends on how busy the machine was.
      const metrics = await (await client.ask("GET", "/metrics")).text();
      assert(!/^codebeaker_executions_total\{/m.test(metrics), metrics);
      return true;
    };
    await until(measures, "a service measures both runtimes", { timeoutMs: 180_000 });
  });
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { isPresent } from "../support/requirements.ts";
import { startServiceProcess } from "../support/service_process.ts";

/** Its fourth line names what is not there. */
const BROKEN = `package main

func main() {
	println(answer)
}
`;
const WHOLE = `package main

import "fmt"

func main() {
	fmt.Println(40 + 2)
}
`;

if (isPresent("docker/go", await dockerAvailability("go"))) {
  Deno.test("[docker] a program that does not compile ends as compile_failed, and its compiler says why; one that does has both ends", async () => {
    await using service = await startServiceProcess([], {
      CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
      CODEBEAKER_DOCKER_PULL: "never",
    });
    const client = new ApiClient(service);
    const run = (fields: Record<string, unknown>) =>
      client.json("POST", "/v1/executions", { language: "go", runtime: "docker", timeoutMs: 60_000, ...fields });

    const broken = await run({ code: BROKEN });
    assertEquals([broken.status, broken.runtime, broken.stdout], [200, "docker", ""], JSON.stringify(broken));
    assertEquals(broken.compile.outcome, { kind: "exited", exitCode: 1 });
    assertEquals([broken.outcome, broken.exitCode], [{ kind: "compile_failed", exitCode: 1 }, 1]);
    assertMatch(broken.compile.stderr, /main\.go:4:\d+: undefined: answer/);

    const whole = await run({ code: WHOLE });
    assertEquals([whole.status, whole.stdout, whole.outcome], [200, "42\n", { kind: "exited", exitCode: 0 }]);
    const { cpuMs, ...compile } = whole.compile;
    assertEquals(compile, { outcome: { kind: "exited", exitCode: 0 }, stdout: "", stderr: "" });
    assert(cpuMs === null || Number.isInteger(cpuMs), `${cpuMs} ms`); // An Engine without control groups counts none.

    const { id } = await client.openSession({ language: "go", runtime: "docker" });
    const inSession = await client.run(id, { code: BROKEN });
    assertEquals([inSession.outcome, inSession.compile?.outcome, inSession.stdout], [
      { kind: "compile_failed", exitCode: 1 },
      { kind: "exited", exitCode: 1 },
      "",
    ]);
  });
}

import { assertEquals } from "@std/assert";
import { configFor, dockerAvailability, openDocker, runCode } from "../../support/docker.ts";
import { isPresent } from "../../support/requirements.ts";

if (isPresent("docker", await dockerAvailability("sh"))) {
  Deno.test("[docker] sh runs in the image of bash, and is not bash", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("sh", { singleUse: true }));
    const { outcome, stdout } = await runCode(environment, 'echo "${BASH_VERSION-none}"; exit 7');
    assertEquals({ outcome, stdout }, { outcome: { kind: "exited", exitCode: 7 }, stdout: "none\n" });
  });
}

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { ContainerGroup } from "../../../../src/runtimes/docker/container/container_group.ts";
import { configFor, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";

const LIMITS = { ...DEFAULT_LIMITS, diskMb: 4 };
/** What launch.sh asks, and the program beside: its figures are those of both places together. */
const SAY = `
import os
places = [os.statvfs(place) for place in ("/workspace", "/tmp")]
print(sum((place.f_blocks - place.f_bfree) * place.f_frsize for place in places), sum(place.f_files - place.f_ffree - 1 for place in places))
`;

if (isPresent("docker", await dockerAvailability("python"))) {
  Deno.test("[docker] the service sees of a container's disk what its launcher does", async () => {
    await using docker = await openDocker();
    const config = configFor("python", { resourceLimits: LIMITS });
    await using environment = await docker.runtime.createEnvironment(config);
    const [container] = await docker.containers();
    const group = ContainerGroup.find(container?.Id ?? "", { seesInside: true });
    const { stdout } = await runCode(environment, `open("a", "wb").write(bytes(1_000_000))\n${SAY}`, {
      limits: LIMITS,
    });
    const [bytes = 0, files = 0] = stdout.trim().split(" ").map(Number);
    assertEquals(bytes >= 1_000_000 && files >= 2, true, stdout);
    await until(() => group?.diskNow()?.usage.files === files - 1, "its launcher's own file in /tmp is gone");
    assertEquals(group?.diskNow(), { isFull: false, usage: { bytes, files: files - 1 } });
    assertEquals(await group?.diskUsage(), { bytes, files: files - 1 });
    await assertRejects(async () => {
      for (let index = 0; index < 20; index++) await environment.files.write(`b${index}`, new Uint8Array(1_000_000));
    }, CodeBeakerError);
    assertEquals(group?.diskNow()?.isFull, true);
    assertEquals(ContainerGroup.find(container?.Id ?? "", { seesInside: false })?.diskNow(), undefined);
  });
}

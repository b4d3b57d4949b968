import { assertEquals } from "@std/assert";
import type { Need } from "../../../../src/core/needs.ts";
import { dockerAvailability, openDocker } from "../../../support/docker.ts";
import { isPresent, testedAvailability } from "../../../support/requirements.ts";

function needOf(name: string): Need {
  return { kind: "module", name, file: "main.py", line: 1, certain: true };
}

if (isPresent("docker/python", await dockerAvailability("python"))) {
  Deno.test("[docker] knows the modules of the image with Python when a program needs one, and leaves no container", async () => {
    await using docker = await openDocker();
    const { runtime } = docker;
    await testedAvailability(runtime, "python");
    assertEquals(runtime.surface?.("python"), undefined);
    await runtime.learnSurface?.("python", { known: true, uses: [needOf("numpy_or_other")] });
    const surface = runtime.surface?.("python");
    assertEquals(["json", "sqlite3", "pip", "numpy_or_other", "main"].map((name) => surface?.has(needOf(name))), [
      ...[true, true, true, false, false],
    ]);
    assertEquals(await docker.containers(), []);
  });
}

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { configFor, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";

/** What takes so many MB of memory. */
const take = (megabytes: number) => `print(len(bytearray(${megabytes} * 1024 * 1024)))`;
const LOWERED = { ...DEFAULT_LIMITS, memoryMb: 64 };

if (isPresent("docker/python", await dockerAvailability("python"))) {
  Deno.test("[docker] a program in a lasting environment is held to lower limits of its own, and the next one is not", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const lowered = await runCode(environment, take(100), { limits: LOWERED });
    assertEquals([lowered.outcome.kind, "limitMb" in lowered.outcome && lowered.outcome.limitMb], ["memory_limit", 64]);
    assertEquals((await runCode(environment, take(100))).stdout, "104857600\n");
    const forks =
      "import os\nfor _ in range(40):\n    if os.fork() == 0:\n        import time; time.sleep(9)\nprint('all')";
    const few = await runCode(environment, forks, { limits: { ...DEFAULT_LIMITS, maxProcesses: 4 } });
    assert(few.outcome.kind === "process_limit" && few.outcome.limit === 4, JSON.stringify(few.outcome));
    assertEquals((await runCode(environment, forks)).stdout, "all\n");
  });

  Deno.test("[docker] a program of a container of its own has as many processes as its limit says, and no more", async () => {
    await using docker = await openDocker();
    const resourceLimits = { ...DEFAULT_LIMITS, maxProcesses: 4 };
    const fork = (children: number) =>
      `import os, time\nfor _ in range(${children}):\n    if os.fork() == 0:\n        time.sleep(0.5); os._exit(0)\ntime.sleep(0.3)\nprint("all")`;
    const run = async (children: number) => {
      const config = configFor("python", { resourceLimits, singleUse: true });
      await using environment = await docker.runtime.createEnvironment(config);
      const { outcome, stdout } = await runCode(environment, fork(children), { limits: resourceLimits });
      return [outcome, stdout];
    };
    assertEquals(await run(3), [{ kind: "exited", exitCode: 0 }, "all\n"]);
    assertEquals(await run(4), [{ kind: "process_limit", limit: 4, observed: 5 }, ""]);
  });

  Deno.test("[docker] less memory than the workspace takes is refused, and the environment stays as it is", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(
      configFor("python", { resourceLimits: { ...DEFAULT_LIMITS, diskMb: 128 } }),
    );
    await environment.files.write("large.bin", new Uint8Array(100_000_000));
    const error = await assertRejects(() => runCode(environment, "print(1)", { limits: LOWERED }), CodeBeakerError);
    assertEquals([error.code, error.message.startsWith("Cannot limit a program's memory to 64 MB")], [
      "conflict",
      true,
    ]);
    assertEquals((await runCode(environment, "print(2)")).stdout, "2\n");
  });
}

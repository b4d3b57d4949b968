import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { configFor, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";

/** Where nobody tells that it thrashes, it mostly does so until its deadline. */
const LIMITS = { ...DEFAULT_LIMITS, memoryMb: 192, timeoutMs: 3_000 };
const HOARD = "const kept = []; for (;;) kept.push(new Uint8Array(1_048_576).fill(1));";
const INTERPRETER = "/usr/local/bin/deno";

if (isPresent("docker", await dockerAvailability("typescript"))) {
  Deno.test("[docker] a program whose memory leaves its own code no room is ended at its limit, and thrashes no longer", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(
      configFor("typescript", { resourceLimits: LIMITS }),
    );
    const [container] = await docker.containers();
    const { State } = await docker.engine.getContainer(container?.Id ?? "").inspect();
    await forget(`/proc/${State.Pid}/root${INTERPRETER}`);
    const { outcome } = await runCode(environment, HOARD, { limits: LIMITS });
    assertEquals(outcome, { kind: "memory_limit", limitMb: 192, observedMb: 192 });
    assertEquals((await runCode(environment, "console.log('next')", { limits: LIMITS })).stdout, "next\n");
  });
}

/** No copy of a file is in memory any more, so that it counts for whoever reads it next. */
async function forget(path: string): Promise<void> {
  const args = [`if=${path}`, "iflag=nocache", "count=0", "status=none"];
  const { success } = await new Deno.Command("dd", { args }).output();
  assertEquals(success, true);
}

import { assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";
import { create } from "../../../src/runtimes/bun/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";

/** Says how often a function was compiled that is called often; a million where code is only interpreted. */
const COUNTS = `import { numberOfDFGCompiles } from "bun:jsc";
  const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum = (sum + i * 3) | 0; return sum; };
  for (let i = 0; i < 5_000 && numberOfDFGCompiles(hot) === 0; i++) hot(2_000);
  console.log(numberOfDFGCompiles(hot));`;

/** The least memory that a program may have, and the default. */
const MEMORIES_MB = [32, DEFAULT_LIMITS.memoryMb];

const { runtime } = await openRuntime(create);

if (isPresent("bun", await testedAvailability(runtime, "bun"))) {
  for (const memoryMb of MEMORIES_MB) {
    Deno.test(`[bun] programs with ${memoryMb} MB are compiled to machine code, also those of a command line`, async () => {
      const limits = { ...DEFAULT_LIMITS, memoryMb };
      const permissions = { ...NO_PERMISSIONS, allowRun: true };
      await using environment = await runtime.createEnvironment(
        configureEnvironment("bun", { resourceLimits: limits, permissions }),
      );
      await environment.files.write("main.ts", new TextEncoder().encode(COUNTS));
      const programs = [
        { kind: "file", path: "main.ts", args: [] },
        { kind: "shell", command: "bun", args: ["main.ts"], workingDirectory: "." },
      ] as const;
      for (const program of programs) {
        const { stderr, stdout } = await runProgram(environment, program, { limits, stdin: "" });
        assertEquals([stdout, stderr], ["1\n", ""]);
      }
    });
  }
}

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { Contexts } from "../../../src/contexts/contexts.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createDeno } from "../../../src/runtimes/deno/mod.ts";
import { create as createNative } from "../../../src/runtimes/native/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { LAYER_COMBINATIONS } from "../../support/layers.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const LIMITS = { ...DEFAULT_LIMITS, diskMb: 4 };

/** Programs that write files of 1 MiB, less than the ceiling together, and one that deletes everything. */
const PROGRAMS = {
  python: {
    fill: (name: string, count: number) =>
      `for i in range(${count}):\n    with open(f"${name}{i}", "wb") as file: file.write(b"x" * (1 << 20))`,
    clear: 'import os\nfor name in os.listdir("."): os.remove(name)',
  },
  typescript: {
    fill: (name: string, count: number) =>
      `for (let i = 0; i < ${count}; i++) Deno.writeFileSync("${name}" + i, new Uint8Array(2 ** 20).fill(1));`,
    clear: 'for (const { name } of Deno.readDirSync(".")) Deno.removeSync(name);',
  },
} as const;

// The kernel bounds the workspace where every layer is there, and the service alone without a file system in memory.
for (const { title, without } of LAYER_COMBINATIONS.slice(0, 2)) {
  const host = await openRuntimeHost({ without });
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
  for (
    const [name, language, runtime] of [
      ["native", "python", createNative(host)],
      ["deno", "typescript", createDeno(host)],
    ] as const
  ) {
    const label = `${name}/${language}`;
    if (!isPresent(label, await testedAvailability(runtime, language))) continue;
    const { clear, fill } = PROGRAMS[language];

    Deno.test(`[${label}] ${title}: programs and cells begin in a full workspace, and delete what fills it`, async () => {
      const config = configureEnvironment(language, { resourceLimits: LIMITS });
      await using environment = await runtime.createEnvironment(config);
      const run = async (code: string): Promise<ProgramResult> => {
        await environment.files.write(environment.mainFile(), new TextEncoder().encode(code));
        const program = { kind: "file", path: environment.mainFile(), args: [] } as const;
        return await runProgram(environment, program, { limits: LIMITS });
      };
      const evaluate = async (code: string): Promise<ProgramResult> => {
        await using contexts = new Contexts();
        const memory = { [Symbol.dispose]() {} };
        const options = { language, limits: LIMITS, lifetimeMs: 60_000, createdAt: 0, memory };
        const { id } = await contexts.open(environment, options);
        return await contexts.get(id).run({ code }, { limits: LIMITS });
      };
      for (const clearing of [run, evaluate]) {
        assertEquals((await run(fill("a", 12))).outcome.kind, "disk_limit");
        assertEquals((await run("1")).exitCode, 0);
        assert((await run(fill("b", 2))).exitCode !== 0);
        const { exitCode, stderr } = await clearing(clear);
        assertEquals([exitCode, stderr], [0, ""]);
        assertEquals((await run(fill("c", 3))).exitCode, 0);
        assertEquals((await run(clear)).exitCode, 0);
      }
    });
  }
}

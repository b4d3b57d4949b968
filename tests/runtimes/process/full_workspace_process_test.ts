import { assert, assertEquals, assertRejects } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { Contexts } from "../../../src/contexts/contexts.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createDeno } from "../../../src/runtimes/deno/mod.ts";
import { create as createNative } from "../../../src/runtimes/native/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { LAYER_COMBINATIONS } from "../../support/layers.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const LIMITS = { ...DEFAULT_LIMITS, diskMb: 4 };

/** Programs that write files of half a MiB, less than the ceiling together, and one that deletes everything. */
const PROGRAMS = {
  python: {
    fill: (name: string, count: number) =>
      `for i in range(${count}):\n    with open(f"${name}{i}", "wb") as file: file.write(b"x" * (1 << 19))`,
    clear: 'import os\nfor name in os.listdir("."): os.remove(name)',
  },
  typescript: {
    fill: (name: string, count: number) =>
      `for (let i = 0; i < ${count}; i++) Deno.writeFileSync("${name}" + i, new Uint8Array(2 ** 19).fill(1));`,
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

    Deno.test(`[${label}] ${title}: programs and cells begin in a full workspace, delete what fills it, and others go on`, async () => {
      const config = configureEnvironment(language, { resourceLimits: LIMITS });
      await using environment = await runtime.createEnvironment(config);
      const run = async (code: string): Promise<ProgramResult> => {
        await environment.files.write(environment.mainFile(), new TextEncoder().encode(code));
        const program = { kind: "file", path: environment.mainFile(), args: [] } as const;
        return await runProgram(environment, program, { limits: LIMITS });
      };
      await using contexts = new Contexts();
      const open = async () => {
        const memory = { [Symbol.dispose]() {} };
        const options = { language, limits: LIMITS, lifetimeMs: 60_000, createdAt: 0, memory };
        const { id } = await contexts.open(environment, options);
        return (code: string): Promise<ProgramResult> => contexts.get(id).run({ code }, { limits: LIMITS });
      };
      for (const begin of [() => Promise.resolve(run), open]) {
        assertEquals((await run(fill("a", 24))).outcome.kind, "disk_limit");
        assertEquals((await run("1")).exitCode, 0);
        assert((await run(fill("b", 4))).exitCode !== 0);
        const { exitCode, stderr } = await (await begin())(clear);
        assertEquals([exitCode, stderr], [0, ""]);
        assertEquals((await run(fill("c", 6))).exitCode, 0);
        assertEquals((await run(clear)).exitCode, 0);
      }
      if (language !== "python") return; // Deno's own files leave too little room for what follows.
      const evaluate = await open();
      assertEquals((await evaluate(`kept = 1\n${fill("d", 15)}`)).exitCode, 0);
      const upload = () => environment.files.write("upload", new Uint8Array(2 ** 21));
      await assertRejects(upload, CodeBeakerError, "delete files first"); // The service has counted the files by then.
      assertEquals((await run(`#${"x".repeat(700_000)}`)).exitCode, 0); // The code alone passes the context's bounds.
      const { exitCode, stderr } = await evaluate(`kept\n${clear}`);
      assertEquals([exitCode, stderr], [0, ""]);
    });
  }
}

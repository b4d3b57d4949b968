import { assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create } from "../../../src/runtimes/node/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { EAGER_POOL } from "../../support/eager_pool.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";

/** It is a module without any import, strict as on every runtime. */
const ALONE = "const found: boolean[] = [this === undefined, typeof require === 'string']; console.log(found.join());";
const WITH_FILES = [
  'import { double, type Input } from "./lib/double.ts";',
  'import { name } from "./name.js";',
  "const input: Input = 21;",
  "console.log(`${name} ${double(input)}`);",
].join("\n");
const FILES = {
  "lib/double.ts": "export type Input = number;\nexport const double = (input: Input): number => input * 2;",
  "name.js": 'export const name = "twice";',
};

const { runtime } = await openRuntime(create, { pool: EAGER_POOL });

if (isPresent("node/typescript", await testedAvailability(runtime, "typescript"))) {
  for (const isWarm of [false, true]) {
    Deno.test(`[node] typescript is a module, and prints nothing of its own (${isWarm ? "warm" : "cold"})`, async () => {
      const run = async (code: string, files: Readonly<Record<string, string>> = {}) => {
        const config = { ...configureEnvironment("typescript", { singleUse: true, runsMainFile: true }) };
        await using environment = await runtime.createEnvironment({ ...config, startsCold: !isWarm });
        for (const [path, text] of Object.entries({ ...files, "main.ts": code })) {
          await environment.files.write(path, new TextEncoder().encode(text));
        }
        const program = { kind: "file", path: "main.ts", args: [] } as const;
        const { stderr, stdout } = await runProgram(environment, program, { limits: DEFAULT_LIMITS, stdin: "" });
        assertEquals(environment.warm, isWarm);
        return [stdout, stderr];
      };
      assertEquals(await run(ALONE), ["true,false\n", ""]);
      assertEquals(await run(WITH_FILES, FILES), ["twice 42\n", ""]);
    });
  }
}

import { assertEquals } from "@std/assert";
import { Contexts } from "../../../src/contexts/contexts.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";
import { create as createDeno } from "../../../src/runtimes/deno/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { LAYER_COMBINATIONS, layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";

/** Cells that read stdin in the process itself, and their values. */
const READERS: readonly (readonly [code: string, value: unknown])[] = [
  ["await Deno.stdin.read(new Uint8Array(9))", null],
  ["const fs = await import('node:fs'); try { fs.readFileSync(0) } catch (error) { error.code }", "EBADF"],
  ["await new Promise((done) => process.stdin.on('end', () => done(1)).resume())", 1],
  ["2", 2],
];

/** Descriptors beside the streams of a program, without those that are pipes in every child of this process. */
const DESCRIPTORS = Array.from({ length: 30 }, (_, index) => `${index + 3}`).filter(isNoPipe);

function isNoPipe(descriptor: string): boolean {
  return !new Deno.Command("test", { args: ["-p", `/dev/fd/${descriptor}`] }).outputSync().success;
}

/** Finds pipes among {@link DESCRIPTORS}. It sees them where it has a /proc. */
const FIND_PIPES = `for at in ${DESCRIPTORS.join(" ")}; do [ ! -p /dev/fd/$at ] || echo $at; done`;

/** Cells that start a program which inherits stdin, and their values: what it has printed, and its exit code. */
const STARTERS: readonly (readonly [code: string, value: unknown])[] = [
  [
    `const run = async (command, ...args) => {
       const { code, stdout } = await new Deno.Command(command, { args, stdin: "inherit" }).output();
       return [new TextDecoder().decode(stdout), code];
     };
     await run("cat")`,
    ["", 0],
  ],
  [`await run("sh", "-c", ${JSON.stringify(FIND_PIPES)})`, ["", 0]],
  [
    `const { spawnSync } = await import("node:child_process");
     const { status, stdout } = spawnSync("cat", { stdio: ["inherit", "pipe"] });
     [\`\${stdout}\`, status]`,
    ["", 0],
  ],
];

for (const { needs, title, without } of LAYER_COMBINATIONS) {
  const { host, runtime } = await openRuntime(createDeno, { without });
  const lacking = needs.find((name) => !layerAvailability(host.confinement, name).available);
  if (lacking !== undefined && !isPresent(lacking, layerAvailability(host.confinement, lacking))) continue;

  for (const allowRun of [false, true]) {
    const readers = allowRun ? "cells and the programs that they start" : "cells";
    Deno.test(`[deno] ${title}: ${readers} take none of the orders`, async () => {
      const permissions = { ...NO_PERMISSIONS, allowRun };
      await using environment = await runtime.createEnvironment(configureEnvironment("javascript", { permissions }));
      await using contexts = new Contexts();
      const memory = { [Symbol.dispose]() {} };
      const options = { language: "javascript", limits: DEFAULT_LIMITS, lifetimeMs: 60_000, createdAt: 0, memory };
      const context = contexts.get((await contexts.open(environment, options)).id);
      for (const [code, value] of [...allowRun ? STARTERS : [], ...READERS]) {
        const said = await context.run({ code }, { limits: { ...DEFAULT_LIMITS, timeoutMs: 10_000 } });
        assertEquals([said.stderr, said.value], ["", value], code);
      }
    });
  }
}

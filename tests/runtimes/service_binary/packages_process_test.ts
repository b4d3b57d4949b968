import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createBun } from "../../../src/runtimes/bun/mod.ts";
import { create as createNode } from "../../../src/runtimes/node/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { openNpmRegistry, type PublishedPackage } from "../../support/npm_registry.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const SCRIPTS = {
  preinstall: "touch /workspace/ran",
  install: "touch /workspace/ran",
  postinstall: "touch /workspace/ran",
};
const PACKAGES: readonly PublishedPackage[] = [
  {
    name: "base",
    version: "1.0.0",
    files: { "index.js": 'module.exports = "base 1";' },
    manifest: { scripts: SCRIPTS },
  },
  {
    name: "tool",
    version: "1.0.0",
    manifest: { bin: { tool: "run.sh" } },
    files: { "index.js": 'module.exports = "a tool";', "run.sh": "#!/bin/sh\necho ran as a command\n" },
  },
  { name: "base", version: "2.0.0", files: { "index.js": 'module.exports = "base 2";' } },
  {
    name: "@scope/top",
    version: "3.0.0",
    manifest: { type: "module", exports: { ".": "./top.js" }, dependencies: { base: "~1.0.0" } },
    files: { "top.js": 'import base from "base"; export const text = `top of ${base}`;' },
  },
];

for (const [language, create] of [["node", createNode], ["bun", createBun]] as const) {
  await using host = await openRuntimeHost();
  await using runtime = create(host);
  if (!isPresent(language, await testedAvailability(runtime))) continue;

  Deno.test(`[${language}] packages: what was installed is imported and required by its name, and no script ran`, async () => {
    await using registry = await openNpmRegistry(PACKAGES);
    await using host = await openRuntimeHost({ settings: { [language]: { npmRegistry: registry.url } } });
    await using runtime = create(host);
    await using environment = await runtime.createEnvironment(configureEnvironment(language));
    const ask = async (command: unknown) =>
      await runCommand(environment, command, { limits: DEFAULT_LIMITS, mayInstall: true }) as ProgramResult;
    const run = (code: string) => ask({ type: "execute_code", code });
    const install = async (...packages: string[]) => (await ask({ type: "install_packages", packages })).exitCode;
    const imports = 'import { text } from "@scope/top"; import base from "base"; console.log(text, base);';

    assertStringIncludes((await run(imports)).stderr, "@scope/top");
    assertEquals(await install("@scope/top"), 0);
    assertEquals(await install("base@2.0.0"), 0);
    assertEquals(await install("missing"), 1);
    assertEquals((await run(imports)).stdout, "top of base 1 base 2\n");
    assertEquals((await run('console.log(require("base"));')).stdout, "base 2\n");
    const writes = 'require("node:fs").writeFileSync("/node_modules/base/index.js", "");';
    assertStringIncludes((await run(writes)).stderr, "EROFS");
    assertEquals((await environment.files.list(".")).children?.map(({ name }) => name).includes("ran"), false);
  });

  Deno.test(`[${language}] packages: a command finds what was installed, and the commands that it brings`, async () => {
    await using registry = await openNpmRegistry(PACKAGES);
    await using host = await openRuntimeHost({ settings: { [language]: { npmRegistry: registry.url } } });
    await using runtime = create(host);
    await using environment = await runtime.createEnvironment(configureEnvironment(language));
    const ask = async (command: unknown) =>
      await runCommand(environment, command, { limits: DEFAULT_LIMITS, mayInstall: true }) as ProgramResult;
    assertEquals((await ask({ type: "install_packages", packages: ["tool"] })).exitCode, 0);
    const command = `${language} -e 'console.log(require("tool"))' && tool`;
    const { stderr, stdout } = await ask({ type: "execute_shell", command });
    assertEquals([stdout, stderr], ["a tool\nran as a command\n", ""]);
  });
}

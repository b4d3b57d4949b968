import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { wasmFacts } from "../../../src/runtimes/wasm/facts.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntime } from "../../support/runtime_host.ts";

const { runtime } = await openRuntime(create);
for (const language of wasmFacts().supportedEnvironments) {
  if (!isPresent(`wasm/${language}`, await testedAvailability(runtime, language))) continue;
  Deno.test(`[wasm] ${language}: packages are refused with what to do instead`, async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment(language));
    const command = { type: "install_packages", packages: ["six"] } as const;
    const refused = await assertRejects(
      () => runCommand(environment, command, { limits: DEFAULT_LIMITS, mayInstall: true }),
      CodeBeakerError,
    );
    assertEquals(refused.code, "permission_denied");
    assertMatch(refused.message, /^Cannot install packages as .*: (?:send|link) /);
  });
}

import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createNativeRuntime } from "../../../src/runtimes/native/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { until } from "../../support/until.ts";

Deno.test("isAvailable() and assess() test no language that is only described, or whose self-test is awaited apart", async () => {
  const asked: string[] = [];
  const may = Promise.withResolvers<void>();
  const selfTestResults = {
    has(subject: string) {
      asked.push(subject);
      return may.promise.then(() => true);
    },
    add: () => Promise.resolve(),
  };
  await using host = await openRuntimeHost({ selfTestResults });
  await using runtime = createNativeRuntime(host);
  const options = { assumesUntested: true };
  assertEquals(await runtime.isAvailable("bash", options), { available: true });
  const described = await runtime.assess(configureEnvironment("bash"), options);
  const demand = { environment: "bash", minIsolation: 0 };
  const assess = (assumesSelfTest = false) => runtime.assess(configureEnvironment("bash"), { assumesSelfTest });
  assertEquals(await assess(true), { ...described, assumesSelfTest: true });
  assertEquals(await runtime.isAvailable("bash", { assumesSelfTest: true }), { available: true });
  const pending = runtime.pendingSelfTest?.(demand);
  assertEquals(asked, []);
  const over = pending?.();
  await until(() => asked.length > 0, "the self-test runs");
  assertEquals(await assess(true), { ...described, assumesSelfTest: true });
  may.resolve();
  await over;
  assertEquals([asked, runtime.pendingSelfTest?.(demand)], [["native_bash"], undefined]);
  assertEquals([await assess(true), await assess()], [described, described]);
});

Deno.test("assess() honours nothing where neither namespaces nor users of their own keep programs apart", async () => {
  await using host = await openRuntimeHost({ without: ["namespaces", "own_user"] });
  await using runtime = createNativeRuntime(host);
  const { cannotHonour } = await runtime.assess(configureEnvironment("bash"), { assumesUntested: true });
  assertStringIncludes(cannotHonour ?? "it is honoured", "bubblewrap could");
});

Deno.test("isAvailable() names the package of a language that is not here, whose isolation is that of the layers", async () => {
  const warnings: string[] = [];
  const log = { info: () => {}, warning: (message: string) => void warnings.push(message) };
  await using host = await openRuntimeHost({ log });
  await using runtime = createNativeRuntime({ ...host, searchPath: [] });
  const missing = {
    available: false,
    reason: "python3 is not on this machine",
    remedy: "install it (apt-get install python3)",
  };
  for (const assumesUntested of [true, false]) {
    assertEquals(await runtime.isAvailable("python", { assumesUntested }), missing);
  }
  assertEquals(await runtime.isAvailable(), { ...missing, reason: `none of its languages is here: ${missing.reason}` });
  await using whole = createNativeRuntime(host);
  const config = configureEnvironment("python");
  const { isolation } = await whole.assess(config, { assumesUntested: true });
  assertEquals((await runtime.assess(config)).isolation, isolation);
  const { languages } = await runtime.diagnose();
  assertEquals(warnings, []);
  assertEquals(languages?.[0], { name: "python", isHere: false, detail: `${missing.reason}: ${missing.remedy}` });
});

Deno.test("run() starts a program in a workspace that the program before it has closed", async () => {
  await using host = await openRuntimeHost();
  await using runtime = createNativeRuntime(host);
  if (!isPresent("native/bash", await testedAvailability(runtime, "bash"))) return;
  await using environment = await runtime.createEnvironment(configureEnvironment("bash"));
  const print = async (line: string) => {
    const program = { kind: "shell", command: "sh", args: ["-c", line], workingDirectory: "." } as const;
    return (await runProgram(environment, program, { limits: DEFAULT_LIMITS })).stdout;
  };
  assertEquals([await print("chmod 000 . && echo closed"), await print("echo open")], ["closed\n", "open\n"]);
});

/** Tells what programs are worth where this process runs, as a line on stdout: started by tests as other users and in containers. */
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { create as createNativeRuntime } from "../../src/runtimes/native/mod.ts";
import { configureEnvironment } from "./configure_environment.ts";
import { testedAvailability } from "./requirements.ts";
import { openRuntimeHost } from "./runtime_host.ts";

if (import.meta.main) {
  const broken: unknown[] = [];
  await using host = await openRuntimeHost({ log: { info: () => {}, warning: (...words) => broken.push(words) } });
  await using runtime = createDenoRuntime(host);
  const [availability, diagnosis] = [await testedAvailability(runtime), await runtime.diagnose()];
  await using native = createNativeRuntime(host);
  const { available } = await native.isAvailable("sh");
  const { cannotHonour = "", isolation: { level } } = await native.assess(configureEnvironment("sh"));
  const { layers } = host.confinement;
  const told = `report ${
    JSON.stringify({ ...availability, ...diagnosis, layers, broken, unchecked: { available, cannotHonour, level } })
  }`;
  Deno.stdout.writeSync(new TextEncoder().encode(told));
}

/** Tells what the deno runtime is worth where this process runs, as a line on stdout: started by tests as other users and in containers. */
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { testedAvailability } from "./requirements.ts";
import { openRuntimeHost } from "./runtime_host.ts";

if (import.meta.main) {
  await using host = await openRuntimeHost();
  await using runtime = createDenoRuntime(host);
  const [availability, diagnosis] = [await testedAvailability(runtime), await runtime.diagnose()];
  const told = `report ${JSON.stringify({ ...availability, ...diagnosis, layers: host.confinement.layers })}`;
  Deno.stdout.writeSync(new TextEncoder().encode(told));
}

/** Programs that only compute: V8 isolates in confined processes, each of which serves one tenant. */
import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { isolateSpec } from "./spec.ts";

/** Creates the runtime for one host. */
export function create(host: RuntimeHost): LoadedRuntime {
  return createProcessRuntime(isolateSpec(host), host);
}

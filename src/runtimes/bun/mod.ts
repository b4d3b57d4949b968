import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { bunSpec } from "./spec.ts";

/** Creates the runtime for one host. */
export function create(host: RuntimeHost): LoadedRuntime {
  return createProcessRuntime(bunSpec(host), host);
}

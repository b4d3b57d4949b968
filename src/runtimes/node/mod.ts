import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { nodeSpec } from "./spec.ts";

/** Creates the runtime for one host. */
export function create(host: RuntimeHost): LoadedRuntime {
  return createProcessRuntime(nodeSpec(host), host);
}

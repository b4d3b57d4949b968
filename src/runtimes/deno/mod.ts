/** Programs as children of this service: one `deno run` each, with exactly the permissions that were granted. */
import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { denoSpec } from "./spec.ts";

/** The runtime for one host. */
export function create(host: RuntimeHost): ExecutionRuntime {
  return createProcessRuntime(denoSpec(host), host);
}

/**
 * Programs as children of this service, one `deno run` each. A program has exactly the permissions that were granted.
 */
import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { denoSpec } from "./spec.ts";

/** Creates the runtime for one host. */
export function create(host: RuntimeHost): LoadedRuntime {
  return createProcessRuntime(denoSpec(host), host);
}

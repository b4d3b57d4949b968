/** Modules of WebAssembly, each in a confined process that has nothing but what WASI gives it. */
import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import { wasmSpec } from "./spec.ts";

/** The runtime for one host. */
export function create(host: RuntimeHost): ExecutionRuntime {
  return createProcessRuntime(wasmSpec(host), host);
}

import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { NativeRuntime } from "./native_runtime.ts";

/** Creates the native runtime for one host. */
export function create(host: RuntimeHost): ExecutionRuntime {
  return new NativeRuntime(host);
}

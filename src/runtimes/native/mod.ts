import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { NativeRuntime } from "./native_runtime.ts";

/** The face of this runtime. */
export function create(host: RuntimeHost): ExecutionRuntime {
  return new NativeRuntime(host);
}

import type { RuntimeEntry } from "../../src/runtimes/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";

/** The runtime of one row on a host, as a service has it. */
export function runtimeOf(entry: RuntimeEntry, host: RuntimeHost): ExecutionRuntime {
  const [runtime] = createRuntimes(host, [entry]);
  if (runtime === undefined) throw new Error(`There is no runtime ${entry.name}`);
  return runtime;
}

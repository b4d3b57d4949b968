import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { createCompositeRuntime } from "../process/composite_runtime.ts";
import { nativeFacts } from "./facts.ts";
import { nativeSpec } from "./native_spec.ts";
import { languagesOf } from "./settings.ts";

/** Creates the native runtime for one host. */
export function create(host: RuntimeHost): ExecutionRuntime {
  const facts = nativeFacts(host);
  const specs = Object.entries(languagesOf(host)).map(([name, row]) => [name, nativeSpec({ facts, name, row }, host)]);
  return createCompositeRuntime({ facts, languages: Object.fromEntries(specs) }, host);
}

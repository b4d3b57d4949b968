import type { ExecutionRuntime, RuntimeHost } from "../port.ts";
import { createCompositeRuntime } from "../process/composite_runtime.ts";
import { nativeFacts } from "./facts.ts";
import { nativeSpec } from "./native_spec.ts";
import { languagesOf } from "./settings.ts";

/** Creates the native runtime for one host; `languages` are its rows by environment name. */
export function create(host: RuntimeHost, languages = languagesOf(host)): ExecutionRuntime {
  const facts = nativeFacts(host);
  const specs = Object.entries(languages).map(([name, row]) => [name, nativeSpec({ facts, name, row }, host)]);
  return createCompositeRuntime({ facts, languages: Object.fromEntries(specs) }, host);
}

import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createCompositeRuntime } from "../process/composite_runtime.ts";
import { nativeFacts } from "./facts.ts";
import { nativeSpec } from "./native_spec.ts";
import { languagesOf } from "./settings.ts";

/** Creates the native runtime for one host; `languages` are its rows by environment name. */
export function create(host: RuntimeHost, languages = languagesOf(host)): LoadedRuntime {
  const facts = nativeFacts(host);
  const specs = Object.entries(languages).map(([name, row]) => [name, nativeSpec({ facts, name, row }, host)]);
  return createCompositeRuntime(Object.fromEntries(specs), host);
}

/** Modules of WebAssembly, and programs in languages whose interpreter is one. Each runs in a confined process. */
import type { LoadedRuntime, RuntimeHost } from "../port.ts";
import { createCompositeRuntime } from "../process/composite_runtime.ts";
import { MODULE } from "./facts.ts";
import { languageSpec } from "./language_spec.ts";
import { LANGUAGES } from "./languages/mod.ts";
import { wasmSpec } from "./spec.ts";

/** Creates the runtime for one host. */
export function create(host: RuntimeHost): LoadedRuntime {
  const added = Object.entries(LANGUAGES).map(([name, row]) => [name, languageSpec({ name, row }, host)]);
  return createCompositeRuntime({ [MODULE]: wasmSpec(host), ...Object.fromEntries(added) }, host);
}

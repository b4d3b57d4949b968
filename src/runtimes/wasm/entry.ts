import type { RuntimeEntry } from "../entry.ts";
import { RUNTIME_NAME, wasmFacts } from "./facts.ts";
import { SETTINGS } from "./settings.ts";

/** Modules of WebAssembly, each in a confined process. */
export const wasm: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  facts: wasmFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

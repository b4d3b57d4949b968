import type { RuntimeEntry } from "../entry.ts";
import { ADDED_LANGUAGES, RUNTIME_NAME, wasmFacts } from "./facts.ts";
import { SETTINGS } from "./settings.ts";

/** Modules of WebAssembly, and languages whose interpreter is one, each program in a confined process. */
export const wasm: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  languages: {
    names: ADDED_LANGUAGES,
    isAdded: async (name, home) => (await import("./add_language.ts")).isAdded(name, home),
    add: async (name, request) => await (await import("./add_language.ts")).addLanguage(name, request),
  },
  facts: wasmFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

import type { RuntimeEntry } from "../entry.ts";
import { isolateFacts } from "./facts.ts";
import { RUNTIME_NAME, SETTINGS } from "./settings.ts";

/** Programs that only compute, in V8 isolates of confined processes. */
export const isolate: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  install: async (request) => await (await import("./install.ts")).installParts(request),
  isInstalled: async (home) => (await import("./install.ts")).holdsParts(home),
  facts: isolateFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

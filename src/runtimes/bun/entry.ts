import type { RuntimeEntry } from "../entry.ts";
import { bunFacts, RUNTIME_NAME } from "./facts.ts";
import { SETTINGS } from "./settings.ts";

/** Programs for Bun, as confined children. */
export const bun: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  facts: bunFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

import type { RuntimeEntry } from "../entry.ts";
import { nativeFacts } from "./facts.ts";
import { RUNTIME_NAME, SETTINGS } from "./settings.ts";

/** Programs in languages that this machine has, as confined children. */
export const native: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  facts: nativeFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

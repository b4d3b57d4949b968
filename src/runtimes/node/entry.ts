import type { RuntimeEntry } from "../entry.ts";
import { nodeFacts, RUNTIME_NAME } from "./facts.ts";
import { SETTINGS } from "./settings.ts";

/** Programs for Node, as confined children. */
export const node: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  facts: nodeFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

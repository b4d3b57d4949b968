import type { RuntimeEntry } from "../entry.ts";
import { denoFacts, RUNTIME_NAME } from "./facts.ts";
import { SETTINGS } from "./settings.ts";

/** Programs as children of this service: one `deno run` each. */
export const deno: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  facts: denoFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

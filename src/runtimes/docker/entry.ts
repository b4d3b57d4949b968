import type { RuntimeEntry } from "../entry.ts";
import { dockerFacts } from "./facts.ts";
import { IMAGES_COMMAND } from "./images/images_command.ts";
import { RUNTIME_NAME, SETTINGS } from "./settings.ts";

/** Programs in hardened containers, through the Engine API. */
export const docker: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [IMAGES_COMMAND],
  facts: dockerFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

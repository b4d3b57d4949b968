import type { RuntimeEntry } from "../entry.ts";
import { bunFacts, RUNTIME_NAME } from "./facts.ts";
import { RELEASE } from "./release.ts";
import { SETTINGS, settingsOf } from "./settings.ts";

/** Programs for Bun, as confined children. */
export const bun: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  install: async (request) => {
    const { installRelease } = await import("../ecmascript/install_release.ts");
    return await installRelease(RELEASE, { ...request, registry: settingsOf(request).npmRegistry });
  },
  facts: bunFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

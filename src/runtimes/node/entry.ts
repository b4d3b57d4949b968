import type { RuntimeEntry } from "../entry.ts";
import { nodeFacts, RUNTIME_NAME } from "./facts.ts";
import { RELEASE } from "./release.ts";
import { SETTINGS, settingsOf } from "./settings.ts";

/** Programs for Node, as confined children. */
export const node: RuntimeEntry = {
  name: RUNTIME_NAME,
  settings: SETTINGS,
  commands: [],
  install: async (request) => {
    const { installRelease } = await import("../ecmascript/install_release.ts");
    return await installRelease(RELEASE, { ...request, registry: settingsOf(request).npmRegistry });
  },
  facts: nodeFacts,
  load: () => import("./mod.ts"),
  loadTestSubjects: () => import("./test_subjects.ts"),
};

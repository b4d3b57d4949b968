import { releasedEntry } from "../ecmascript/released_entry.ts";
import type { RuntimeEntry } from "../entry.ts";
import { bunFacts } from "./facts.ts";
import { RELEASE } from "./release.ts";

/** Programs for Bun, as confined children. */
export const bun: RuntimeEntry = releasedEntry(RELEASE, {
  facts: bunFacts,
  load: () => import("./mod.ts"),
  dialects: { javascript: "bun", typescript: "bun" },
});

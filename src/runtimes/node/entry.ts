import { releasedEntry } from "../ecmascript/released_entry.ts";
import type { RuntimeEntry } from "../entry.ts";
import { nodeFacts } from "./facts.ts";
import { RELEASE } from "./release.ts";

/** Programs for Node, as confined children. */
export const node: RuntimeEntry = releasedEntry(RELEASE, {
  facts: nodeFacts,
  load: () => import("./mod.ts"),
  dialects: { javascript: "node", typescript: "node_typescript" },
});

import { bash } from "./bash.ts";
import type { Dialect } from "./dialect.ts";
import { ecmascript } from "./ecmascript.ts";
import { go } from "./go.ts";
import { node } from "./node.ts";
import { python } from "./python.ts";

export type { ChildOutput, Dialect, LimitPrograms, Place, ProcessPrograms } from "./dialect.ts";
export { holdMemory } from "./dialect.ts";

/** By environment name. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  typescript: ecmascript,
  javascript: ecmascript,
  deno: ecmascript,
  node,
  bun: node,
  tsx: node,
  jsx: node,
  python,
  bash,
  go,
};

/** Kinds of tests by what they need, in the order in which they start: the slowest files first. */
export const TIERS = ["attacks", "engine", "process", "jobs", "workflows", "docs", "unit"] as const;

/** A kind of tests. */
export type Tier = typeof TIERS[number];

/** The tier of a test file, by its folder or its name. */
export function tierOf(path: string): Tier {
  if (path.includes("/attacks/")) return "attacks";
  if (path.includes("/workflows/")) return "workflows";
  if (path.includes("/jobs/")) return "jobs";
  if (path.includes("/docs/")) return "docs";
  if (path.endsWith("_engine_test.ts")) return "engine";
  if (path.endsWith("_process_test.ts")) return "process";
  return "unit";
}

/** Files that take so much longer than others of their tier that each begins before all of these, by itself. */
export const LONGEST: readonly string[] = [
  "tests/runtimes/conformance_process_test.ts",
  "tests/runtimes/conformance_second_process_test.ts",
  "tests/runtimes/conformance_layers_process_test.ts",
  "tests/runtimes/native/languages_process_test.ts",
];

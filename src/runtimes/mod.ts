import type { ExecutionRuntime, RuntimeHost } from "./runtime.ts";

interface RuntimeEntry {
  readonly name: string;
  load(host: RuntimeHost): Promise<ExecutionRuntime>;
  /** Where it does not do what the conformance suite asks, by the name of the check, and why. */
  deviations(): Promise<Readonly<Record<string, string>>>;
}

/** Every runtime there is, in the order that decides where a score does not. Nothing of one is loaded before it is asked for. */
export const RUNTIMES: readonly RuntimeEntry[] = [
  {
    name: "deno",
    load: async (host) => (await import("./deno/mod.ts")).createDenoRuntime(host),
    deviations: async () => (await import("./deno/mod.ts")).DEVIATIONS,
  },
];

/** The runtimes of {@link RUNTIMES}, made for one host. */
export function loadRuntimes(host: RuntimeHost): Promise<ExecutionRuntime[]> {
  return Promise.all(RUNTIMES.map((entry) => entry.load(host)));
}

import { denoFacts } from "./deno/facts.ts";
import { dockerFacts } from "./docker/facts.ts";
import { LazyRuntime } from "./lazy_runtime.ts";
import type { ExecutionRuntime, RuntimeFacts, RuntimeHost } from "./port.ts";

/** What the module of a runtime gives. */
interface RuntimeModule {
  create(host: RuntimeHost): ExecutionRuntime;
  /** Where it does not do what the conformance suite asks, by the name of the check, and why. */
  deviations(host: RuntimeHost): Readonly<Record<string, string>>;
}

interface RuntimeEntry {
  readonly name: string;
  /** What is known of it on a host before its code is loaded. */
  facts(host: RuntimeHost): RuntimeFacts;
  load(): Promise<RuntimeModule>;
}

/** Every runtime there is, in the order that decides where a score does not. */
export const RUNTIMES: readonly RuntimeEntry[] = [
  { name: "deno", facts: denoFacts, load: () => import("./deno/mod.ts") },
  { name: "docker", facts: dockerFacts, load: () => import("./docker/mod.ts") },
];

/**
 * The runtimes of {@link RUNTIMES} for one host; the code of each is loaded when it is first asked for more than its
 * facts.
 */
export function createRuntimes(host: RuntimeHost): ExecutionRuntime[] {
  const known = RUNTIMES.map(({ facts, load }) => ({ facts: facts(host), load }));
  const shellRuntimes = known.filter(({ facts }) => facts.runsAnyCommandLine).map(({ facts }) => facts.name);
  return known.map(({ facts, load }) =>
    new LazyRuntime(facts, async () => (await load()).create({ ...host, shellRuntimes }))
  );
}

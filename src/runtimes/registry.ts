import { bun } from "./bun/entry.ts";
import { deno } from "./deno/entry.ts";
import { docker } from "./docker/entry.ts";
import type { RuntimeEntry } from "./entry.ts";
import { isolate } from "./isolate/entry.ts";
import { LazyRuntime } from "./lazy_runtime.ts";
import { native } from "./native/entry.ts";
import { node } from "./node/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "./port.ts";
import { wasm } from "./wasm/entry.ts";

/** Every runtime there is, in the order that breaks ties of the score. */
export const RUNTIMES: readonly RuntimeEntry[] = [deno, bun, node, native, wasm, isolate, docker];

/** The runtimes of a table for one host. The code of each is loaded at the first question beyond its facts. */
export function createRuntimes(host: RuntimeHost, entries: readonly RuntimeEntry[] = RUNTIMES): ExecutionRuntime[] {
  const known = entries.map(({ facts, load }) => ({ facts: facts(host), load }));
  const shellRuntimes = known.filter(({ facts }) => facts.runsAnyCommandLine).map(({ facts }) => facts.name);
  return known.map(({ facts, load }) =>
    new LazyRuntime(facts, async () => (await load()).create({ ...host, shellRuntimes }))
  );
}

/** Begins to load the code of the first runtime. */
export function preloadFirst(): void {
  RUNTIMES[0]?.load().catch(() => {}); // The first question to it loads it again, and reports.
}

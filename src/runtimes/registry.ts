import { AutoPreparedRuntime } from "./auto_prepared_runtime.ts";
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
  const known = entries.map((entry) => ({ entry, facts: entry.facts(host) }));
  const shellRuntimes = known.filter(({ facts }) => facts.runsAnyCommandLine).map(({ facts }) => facts.name);
  return known.map(({ entry, facts }) => {
    const load = async () => (await entry.load()).create({ ...host, shellRuntimes });
    const runtime = new LazyRuntime(facts, load, host);
    return canPrepare(entry, host) ? new AutoPreparedRuntime(runtime, { entry, host }) : runtime;
  });
}

/** Whether parts of a runtime are installed at their first use. */
function canPrepare({ install, languages }: RuntimeEntry, { autoPrepare, home }: RuntimeHost): boolean {
  return autoPrepare === true && home !== undefined && (install !== undefined || languages !== undefined);
}

/** Begins to load the code of the first runtime. */
export function preloadFirst(): void {
  RUNTIMES[0]?.load().catch(() => {}); // The first question to it loads it again, and reports.
}

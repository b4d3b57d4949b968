import { benchAttaching } from "./attaching_bench.ts";
import { benchColdStart } from "./cold_start_bench.ts";
import { benchComputing } from "./computing_bench.ts";
import { benchConfinement } from "./confinement_bench.ts";
import { benchContexts } from "./contexts_bench.ts";
import { benchDenials } from "./denials_bench.ts";
import { benchDocker } from "./docker_bench.ts";
import { benchIdleSessions } from "./idle_sessions_bench.ts";
import { benchLimits } from "./limits_bench.ts";
import { benchModules } from "./modules_bench.ts";
import { benchNeighbours } from "./neighbours_bench.ts";
import { benchOptimisations } from "./optimisations_bench.ts";
import { benchOverhead } from "./overhead_bench.ts";
import { benchPythonContexts } from "./python_contexts_bench.ts";
import { benchRested } from "./rested_bench.ts";
import { benchSelector } from "./selector_bench.ts";
import { benchService } from "./service_bench.ts";
import { benchStreaming } from "./streaming_bench.ts";
import { benchYoung } from "./young_bench.ts";
import { benchLanguages, benchSideBySide } from "./side_by_side/mod.ts";
import { printTargets, type Target } from "./targets.ts";

const BENCHES = [
  benchSelector,
  benchIdleSessions,
  benchAttaching,
  benchStreaming,
  benchColdStart,
  benchOptimisations,
  benchContexts,
  benchPythonContexts,
  benchConfinement,
  benchDenials,
  benchDocker,
  benchLimits,
  benchRested,
];

/** Measures everything. */
async function benchAll(): Promise<Target[]> {
  const overheadMs = await benchOverhead();
  const readyMs = await benchService();
  for (const bench of BENCHES) await bench();
  const modules = await benchModules();
  const computing = [...await benchComputing(), ...await benchNeighbours(), ...await benchYoung()];
  return [
    ...modules,
    ...computing,
    ...await benchSideBySide(),
    {
      id: "P5",
      work: "overhead of the service on a program that costs nothing",
      unit: "ms",
      measured: overheadMs,
      atMost: 0.5,
    },
    { id: "P8", work: "start of the service until it is ready", unit: "ms", measured: readyMs, atMost: 400 },
  ];
}

const [part, ...names] = Deno.args;
const targets = part === "languages" ? await benchLanguages(names) : await benchAll();
printTargets(targets.toSorted((a, b) => a.id.localeCompare(b.id)));

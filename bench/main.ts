import { benchColdStart } from "./cold_start_bench.ts";
import { benchConfinement } from "./confinement_bench.ts";
import { benchContexts } from "./contexts_bench.ts";
import { benchDenials } from "./denials_bench.ts";
import { benchDocker } from "./docker_bench.ts";
import { benchIdleSessions } from "./idle_sessions_bench.ts";
import { benchLimits } from "./limits_bench.ts";
import { benchOptimisations } from "./optimisations_bench.ts";
import { benchOverhead } from "./overhead_bench.ts";
import { benchSelector } from "./selector_bench.ts";
import { benchService } from "./service_bench.ts";
import { benchStreaming } from "./streaming_bench.ts";
import { benchSideBySide } from "./side_by_side/mod.ts";
import { printTargets } from "./targets.ts";

const BENCHES = [
  benchSelector,
  benchIdleSessions,
  benchStreaming,
  benchColdStart,
  benchOptimisations,
  benchContexts,
  benchConfinement,
  benchDenials,
  benchDocker,
  benchLimits,
];

const overheadMs = await benchOverhead();
const readyMs = await benchService();
for (const bench of BENCHES) await bench();
printTargets([
  ...await benchSideBySide(),
  { work: "what the service adds to a program that costs nothing", unit: "ms", found: overheadMs, atMost: 0.5 },
  { work: "from start to ready", unit: "ms", found: readyMs, atMost: 400 },
]);

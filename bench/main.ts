import { benchColdStart } from "./cold_start_bench.ts";
import { benchDocker } from "./docker_bench.ts";
import { benchIdleSessions } from "./idle_sessions_bench.ts";
import { benchOverhead } from "./overhead_bench.ts";
import { benchSelector } from "./selector_bench.ts";
import { benchService } from "./service_bench.ts";
import { benchStreaming } from "./streaming_bench.ts";

const BENCHES = [
  benchSelector,
  benchOverhead,
  benchService,
  benchIdleSessions,
  benchStreaming,
  benchColdStart,
  benchDocker,
];

for (const bench of BENCHES) await bench();

import { benchColdStart } from "./cold_start_bench.ts";
import { benchDocker } from "./docker_bench.ts";
import { benchSelector } from "./selector_bench.ts";
import { benchService } from "./service_bench.ts";

for (const bench of [benchSelector, benchService, benchColdStart, benchDocker]) await bench();

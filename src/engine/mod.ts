/** The façade that every door uses: admit, select, run, record. */
export { Admission } from "./admission.ts";
export type { Machine } from "./diagnosing.ts";
export { Engine } from "./engine.ts";
export { Executions } from "./executions.ts";
export { type EndedExecution, type Observer, observers } from "./observer.ts";
export { Placement } from "./placement.ts";
export type { Caller } from "./port.ts";
export { StartProbe } from "./start_probe.ts";

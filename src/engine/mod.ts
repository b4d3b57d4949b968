/** The façade that every door uses: admit, select, run, record. */
export { Admission } from "./admission.ts";
export { Dispatcher } from "./dispatcher.ts";
export { Engine } from "./engine.ts";
export { Executions } from "./executions.ts";
export { LatencyWindow, STEP_MS, WINDOW_MS } from "./latency_window.ts";
export { type EndedExecution, type Observer, observers } from "./observer.ts";
export type { Caller } from "./port.ts";
export { type Machine, ServiceStatus } from "./service_status.ts";
export { StartProbe } from "./start_probe.ts";

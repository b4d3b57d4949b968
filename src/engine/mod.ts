/** The façade that every door uses: admit, select, run, record. */
export { Admission, type QuotaPort } from "./admission.ts";
export { Engine, type EngineOptions } from "./engine.ts";
export { Executions, type ExecutionsOptions } from "./executions.ts";
export { type EndedExecution, type Observer, observers } from "./observer.ts";
export { Placement, type PlacementOptions } from "./placement.ts";
export type { Caller, EnginePort, ExecutionReport, ExecutionStart, SubmitOptions, Submitted } from "./port.ts";

/** The façade that every door uses: admit, select, run, record. */
export { Engine, type EngineOptions } from "./engine.ts";
export type { Caller, EnginePort, ExecutionReport, ExecutionStart, SubmitOptions, Submitted } from "./port.ts";
export { type EndedExecution, type Observer, observers } from "./observer.ts";

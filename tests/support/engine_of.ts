import type { MemoryBudget } from "../../src/concurrency/memory_budget.ts";
import { LOCAL_USER } from "../../src/core/principal.ts";
import {
  Admission,
  type Caller,
  Dispatcher,
  Engine,
  Executions,
  type Observer,
  ServiceStatus,
} from "../../src/engine/mod.ts";
import { NeedAnalyser } from "../../src/needs/mod.ts";
import type { ExecutionRuntime } from "../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { FakeExecutionStore } from "./fake_storage.ts";

/** The caller in tests of something else. */
export const CALLER: Caller = { principal: LOCAL_USER };

/** The same with another tenant's key. */
export function callerOf(tenant: string): Caller {
  return { principal: { ...LOCAL_USER, tenant, name: tenant } };
}

export interface EngineParts {
  readonly selector?: RuntimeSelector;
  readonly maxConcurrent?: number;
  readonly drainMs?: number;
  readonly recordDelayMs?: number;
  readonly store?: FakeExecutionStore;
  readonly observer?: Observer;
  /** Absent, memory is not counted. */
  readonly memory?: MemoryBudget;
}

/** The parts of an engine over runtimes that a test makes. */
export function enginePartsOf(runtimes: readonly ExecutionRuntime[], options: EngineParts = {}) {
  const { maxConcurrent = 2, drainMs = 1_000, recordDelayMs = 0, store = new FakeExecutionStore(), observer = {} } =
    options;
  const maxMemoryMb = options.memory?.totalMb;
  const selector = options.selector ?? new RuntimeSelector(runtimes, { minIsolation: 7, maxMemoryMb });
  const policy = { readRoots: [], writeRoots: [], openNetworks: [] };
  const dispatcher = new Dispatcher({ selector, policy, observer });
  const admission = new Admission({ maxConcurrent, memory: options.memory });
  const executions = new Executions({ store, observer, drainMs, recordDelayMs });
  const machine = { memory: { machineMb: 2_048, budgetMb: 1_024 }, check: () => Promise.resolve([]) };
  const status = new ServiceStatus({ selector, machine });
  const needs = new NeedAnalyser({ now: () => 0 }); // No test depends on how busy the machine is.
  return { dispatcher, admission, executions, store, status, needs };
}

/** An engine over runtimes that a test makes. */
export function engineOf(runtimes: readonly ExecutionRuntime[], options: EngineParts = {}): Engine {
  return new Engine(enginePartsOf(runtimes, options));
}

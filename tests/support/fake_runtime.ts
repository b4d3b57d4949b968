import type { Availability, RuntimeType } from "../../src/core/capabilities.ts";
import type { Surface } from "../../src/core/needs.ts";
import { type LimitName, LIMITS } from "../../src/core/limits.ts";
import type { ExecutionEnvironment, ExecutionRuntime, InputLack, RuntimeConfig } from "../../src/runtimes/port.ts";

export interface FakeRuntimeOptions {
  readonly name?: string;
  readonly type?: RuntimeType;
  readonly environments?: readonly string[];
  readonly startupTimeMs?: number;
  readonly memoryOverheadMB?: number;
  /** Memory by environment name, where it is another. */
  readonly memoryOverheads?: Readonly<Record<string, number>>;
  readonly isolationLevel?: number;
  readonly unavailableBecause?: string;
  readonly cannotHonour?: string;
  readonly limits?: readonly LimitName[];
  readonly surface?: Surface;
  /** What it takes beside a program's own limit. */
  readonly memoryMb?: number;
  createEnvironment?(config: RuntimeConfig): Promise<ExecutionEnvironment>;
  startsCold?(config: RuntimeConfig): boolean;
  /** What a request has and its program would not find. */
  lackOf?(config: RuntimeConfig): InputLack | undefined;
}

/** A runtime that is whatever a test says, for tests of its neighbours. */
export function fakeRuntime(options: FakeRuntimeOptions = {}): ExecutionRuntime {
  const { isolationLevel = 7, cannotHonour, surface } = options;
  const availability: Availability = options.unavailableBecause === undefined
    ? { available: true }
    : { available: false, reason: options.unavailableBecause };
  return {
    name: options.name ?? "fake",
    type: options.type ?? "Deno",
    supportedEnvironments: options.environments ?? ["typescript", "javascript"],
    contextEnvironments: ["typescript"],
    isAvailable: () => Promise.resolve(availability),
    getCapabilities: (environment = "") => ({
      startupTimeMs: options.startupTimeMs ?? 80,
      memoryOverheadMB: options.memoryOverheads?.[environment] ?? options.memoryOverheadMB ?? 30,
      isolationLevel,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: true,
      maxConcurrentExecutions: 100,
    }),
    ...(surface === undefined ? {} : { surface: () => surface }),
    diagnose: () => Promise.resolve({ level: isolationLevel, layers: [], canaries: [] }),
    assess: (config) => {
      const lacks = options.lackOf?.(config);
      return Promise.resolve({
        isolation: { level: isolationLevel, layers: [], limits: options.limits ?? Object.keys(LIMITS) as LimitName[] },
        ...(cannotHonour === undefined ? {} : { cannotHonour }),
        ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
        ...(lacks === undefined ? {} : { lacks }),
        startsCold: options.startsCold?.(config) ?? false,
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
    createEnvironment: options.createEnvironment ??
      (() => Promise.reject(new Error("This fake makes no environments"))),
  };
}

import type { Outcome } from "../core/execution.ts";
import { type Limits, MEBIBYTE } from "../core/limits.ts";
import type { UsageSample } from "./child_processes.ts";
import type { DiskUsage } from "../host/size_watch.ts";

/** The bounds of a child. */
export interface ChildBounds {
  readonly limits: Limits;
  /** Descriptors that each process of the child may have open. */
  readonly maxDescriptors: number;
}

/** Finds the limit that a program has passed; undefined without one. */
export function exceededLimit(sample: UsageSample, { limits, maxDescriptors }: ChildBounds): Outcome | undefined {
  const { cpuMs, descriptors, isOutOfMemory, peakMemoryBytes, processes, wasRefusedTasks } = sample;
  if (isOutOfMemory || (peakMemoryBytes ?? 0) > limits.memoryMb * MEBIBYTE) return memoryLimit(sample, limits);
  if (cpuMs !== null && cpuMs > limits.cpuMs) {
    return { kind: "cpu_limit", limitMs: limits.cpuMs, observedMs: Math.ceil(cpuMs) };
  }
  if (wasRefusedTasks || processes > limits.maxProcesses) return processLimit(sample, limits);
  if (descriptors > maxDescriptors) return { kind: "descriptor_limit", limit: maxDescriptors, observed: descriptors };
  return undefined;
}

/** The outcome of a program that passed its memory limit. */
export function memoryLimit({ peakMemoryBytes }: Pick<UsageSample, "peakMemoryBytes">, limits: Limits): Outcome {
  const observedMb = Math.ceil((peakMemoryBytes ?? 0) / MEBIBYTE);
  return { kind: "memory_limit", limitMb: limits.memoryMb, observedMb: Math.max(observedMb, limits.memoryMb) };
}

/** The outcome of a program that passed its process limit. A refused process counts as passing it. */
export function processLimit({ processes }: Pick<UsageSample, "processes">, { maxProcesses }: Limits): Outcome {
  return { kind: "process_limit", limit: maxProcesses, observed: Math.max(processes, maxProcesses + 1) };
}

/** The outcome of a program that passed the disk limit of its directory. */
export function diskLimit(
  observed: DiskUsage,
  { bounds, limits }: { readonly bounds: DiskUsage; readonly limits: Limits },
): Outcome {
  return {
    kind: "disk_limit",
    limitMb: limits.diskMb,
    observedMb: Math.ceil(observed.bytes / MEBIBYTE),
    ...(observed.files > bounds.files ? { limitFiles: bounds.files, observedFiles: observed.files } : {}),
  };
}

/**
 * Derives an outcome from the exit status alone. The kernel sends SIGXCPU and SIGXFSZ when a resource limit is passed.
 */
export function outcomeOf(
  status: Deno.CommandStatus,
  { sample, limits }: { readonly sample: UsageSample; readonly limits: Limits },
): Outcome {
  switch (status.signal) {
    case null:
      return { kind: "exited", exitCode: status.code };
    case "SIGXCPU":
      return { kind: "cpu_limit", limitMs: limits.cpuMs, observedMs: Math.max(sample.cpuMs ?? 0, limits.cpuMs) };
    case "SIGXFSZ":
      return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
    default:
      return { kind: "signaled", signal: status.signal };
  }
}

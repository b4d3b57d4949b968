// @ts-types="@types/dockerode"
import type Docker from "dockerode";

/** The usage of a container at one moment. */
export interface ContainerSample {
  readonly cpuMs: number;
  /** The peak so far, where the kernel reports it; else the memory now. */
  readonly memoryBytes: number;
  /** The memory now, without the pages of files that the kernel can take back. */
  readonly usedBytes: number;
  /** Processes and their threads; undefined where the kernel does not count them. */
  readonly tasks: number | undefined;
}

/** Reads the Engine's statistics of a container. */
export function toSample({ cpu_stats, memory_stats, pids_stats }: Docker.ContainerStats): ContainerSample {
  const { usage = 0, max_usage = 0, stats: pages } = memory_stats ?? {};
  return {
    cpuMs: (cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6,
    memoryBytes: Math.max(usage, max_usage),
    usedBytes: usage - (pages?.active_file ?? 0) - (pages?.inactive_file ?? 0),
    tasks: pids_stats?.current,
  };
}

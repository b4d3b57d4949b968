import type { Outcome, ProgramUsage } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { SizeWatch } from "../../../host/size_watch.ts";
import { diskLimit, exceededLimit } from "../../../process/ending.ts";
import { ProcessWatch } from "../../../process/process_watch.ts";
import { diskBounds } from "../../../sandbox/confined_directory.ts";
import type { InitialCounts } from "../container/container_group.ts";
import { MAX_DESCRIPTORS } from "../container/container_limits.ts";
import { watchCpu } from "./cpu_watch.ts";
import type { FinalUsage } from "./final_report.ts";
import type { UsageSources } from "./program_control.ts";

/**
 * Watches the usage of a program in a container. Where the container has a control group on this machine, every limit is
 * polled there. Elsewhere only CPU time is sampled, by the Engine, and the launcher reports the rest at the end.
 */
export class ProgramWatch {
  readonly #sources: UsageSources;
  readonly #limits: Limits;
  /** The counts before the program; undefined where there is no control group. */
  #initial: InitialCounts | undefined;
  #usage: ProgramUsage = { cpuMs: null, peakMemoryBytes: null };
  #initialCpuNs = 0;
  #stop = () => {};

  constructor(sources: UsageSources, limits: Limits) {
    this.#sources = sources;
    this.#limits = limits;
  }

  /** The last known usage. */
  get usage(): ProgramUsage {
    return this.#usage;
  }

  /** Counts the container's usage so far, which is not the program's. Called right before the program may begin. */
  prepare({ isCompiled }: { readonly isCompiled: boolean }): void {
    try {
      this.#initial = this.#sources.group?.startProgram({ isCompiled });
    } catch {
      this.#initial = undefined; // The container is gone, which ends the program.
    }
  }

  /** @param cpuNs the container's CPU time before the program; null where the launcher does not know it */
  begin(cpuNs: number | null, onExceeded: (outcome: Outcome) => void): void {
    this.#initialCpuNs = cpuNs ?? 0;
    const initial = this.#initial;
    this.#stop = initial === undefined
      ? this.#watchByEngine(onExceeded)
      : this.#watchByGroup(cpuNs === null ? initial : { ...initial, cpuMs: cpuNs / 1e6 }, onExceeded);
  }

  stop(): void {
    this.#stop();
  }

  /** Takes the usage from the launcher's final report. */
  setFinalUsage({ cpuNs, peakMemoryBytes }: Pick<FinalUsage, "cpuNs" | "peakMemoryBytes">): void {
    const isOwnPeak = peakMemoryBytes !== null && peakMemoryBytes > (this.#initial?.peakMemoryBytes ?? 0);
    this.#usage = {
      cpuMs: cpuNs === null ? this.#usage.cpuMs : Math.max(0, Math.round((cpuNs - this.#initialCpuNs) / 1e6)),
      peakMemoryBytes: isOwnPeak ? peakMemoryBytes : this.#usage.peakMemoryBytes,
    };
  }

  /**
   * Counts a compiler that was ended before its launcher reported it. The time since its start stands for its CPU time,
   * which is more where it has threads.
   */
  setUnreported(elapsedMs: number): void {
    this.#usage = { ...this.#usage, cpuMs: Math.max(this.#usage.cpuMs ?? 0, Math.ceil(elapsedMs)) };
  }

  /** Samples the usage by the Engine. Returns the CPU time in ms; null where it is not known. */
  async sample(): Promise<number | null> {
    const sample = await this.#sources.sample().catch(() => undefined); // The container or the Engine is gone.
    if (sample !== undefined) {
      const isOwnPeak = sample.memoryBytes > (this.#initial?.peakMemoryBytes ?? 0);
      this.#update(sample.cpuMs - this.#initialCpuNs / 1e6, isOwnPeak ? sample.memoryBytes : sample.usedBytes);
    }
    return this.#usage.cpuMs;
  }

  /** Samples the usage by the Engine, unless a control group is polled. */
  async sampleUnlessPolled(): Promise<void> {
    if (this.#initial === undefined) await this.sample();
  }

  #update(cpuMs: number, memoryBytes: number): void {
    this.#usage = {
      cpuMs: Math.max(0, Math.round(cpuMs)),
      peakMemoryBytes: Math.max(this.#usage.peakMemoryBytes ?? 0, memoryBytes),
    };
  }

  #watchByEngine(onExceeded: (outcome: Outcome) => void): () => void {
    const limits = this.#limits;
    return watchCpu({
      limits,
      sample: () => this.sample(),
      onExceeded: (observedMs) => onExceeded({ kind: "cpu_limit", limitMs: limits.cpuMs, observedMs }),
    });
  }

  #watchByGroup(initial: InitialCounts, onExceeded: (outcome: Outcome) => void): () => void {
    const { group, ownProcesses } = this.#sources;
    const limits = this.#limits;
    const bounds = diskBounds(limits.diskMb);
    const processes = new ProcessWatch(() => {
      const tally = group?.sample(initial, { own: ownProcesses() });
      if (tally !== undefined) this.#update(tally.cpuMs ?? 0, tally.peakMemoryBytes ?? 0);
      return tally;
    }, (tally) => {
      // The kernel enforces the memory limit, which programs beside this one may have lowered.
      const outcome = exceededLimit({ ...tally, peakMemoryBytes: null }, { limits, maxDescriptors: MAX_DESCRIPTORS });
      if (outcome !== undefined) onExceeded(outcome);
    });
    const disk = new SizeWatch({
      bounds: () => bounds,
      measure: () => group?.diskUsage() ?? { bytes: 0, files: 0 },
      onExceeded: (observed) => onExceeded(diskLimit(observed, { bounds, limits })),
    });
    processes.start();
    return () => {
      processes.stop();
      disk.stop();
    };
  }
}

import type { Outcome, ProgramUsage } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { diskBounds } from "../../../sandbox/confined_directory.ts";
import { diskLimit, exceeded } from "../../../process/ending.ts";
import { ProcessWatch } from "../../../process/process_watch.ts";
import { SizeWatch } from "../../../host/size_watch.ts";
import type { CountsBefore } from "../container/container_group.ts";
import type { UsageSources } from "./program_control.ts";
import { watchCpu } from "./cpu_watch.ts";
import { MAX_DESCRIPTORS } from "../container/container_limits.ts";

/**
 * Watches what a program in a container uses. Where this machine's own kernel runs it, every limit; else the Engine is
 * asked for its CPU time only, and the launcher tells of the other limits when the program ends.
 */
export class ProgramWatch {
  readonly #sources: UsageSources;
  readonly #limits: Limits;
  #before: CountsBefore | undefined;
  #usage: ProgramUsage = { cpuMs: null, peakMemoryBytes: null };
  #cpuNsBefore = 0;
  #stop = () => {};

  constructor(sources: UsageSources, limits: Limits) {
    this.#sources = sources;
    this.#limits = limits;
  }

  /** What it has used, as far as anybody has looked. */
  get usage(): ProgramUsage {
    return this.#usage;
  }

  /** The program may begin at any moment: what was counted so far is none of its. */
  prepare({ isCompiled }: { readonly isCompiled: boolean }): void {
    try {
      this.#before = this.#sources.group?.before({ isCompiled });
    } catch {
      this.#before = undefined; // The container is gone, which is told by its end.
    }
  }

  /** The program may begin, and its container had used so much CPU time. */
  begin(cpuNs: number | null, onExceeded: (outcome: Outcome) => void): void {
    this.#cpuNsBefore = cpuNs ?? 0;
    const before = this.#before;
    this.#stop = before === undefined
      ? this.#askEngine(onExceeded)
      : this.#askKernel(cpuNs === null ? before : { ...before, cpuMs: cpuNs / 1e6 }, onExceeded);
  }

  stop(): void {
    this.#stop();
  }

  /** What the launcher tells in the end. */
  learn({ cpuNs, peakMemoryBytes }: { readonly cpuNs: number | null; readonly peakMemoryBytes: number | null }): void {
    const isOwn = peakMemoryBytes !== null && peakMemoryBytes > (this.#before?.peakMemoryBytes ?? 0);
    this.#usage = {
      cpuMs: cpuNs === null ? this.#usage.cpuMs : Math.max(0, Math.round((cpuNs - this.#cpuNsBefore) / 1e6)),
      peakMemoryBytes: isOwn ? peakMemoryBytes : this.#usage.peakMemoryBytes,
    };
  }

  /** Asks the Engine; gives the CPU time in ms, null where that is not known. */
  async look(): Promise<number | null> {
    const sample = await this.#sources.sample().catch(() => undefined); // It is gone, or the Engine is.
    if (sample !== undefined) {
      const isOwn = sample.memoryBytes > (this.#before?.peakMemoryBytes ?? 0);
      this.#see(sample.cpuMs - this.#cpuNsBefore / 1e6, isOwn ? sample.memoryBytes : sample.usedBytes);
    }
    return this.#usage.cpuMs;
  }

  /** The same where no kernel is looked at anyway. */
  async lookByEngine(): Promise<void> {
    if (this.#before === undefined) await this.look();
  }

  #see(cpuMs: number, memoryBytes: number): void {
    this.#usage = {
      cpuMs: Math.max(0, Math.round(cpuMs)),
      peakMemoryBytes: Math.max(this.#usage.peakMemoryBytes ?? 0, memoryBytes),
    };
  }

  #askEngine(onExceeded: (outcome: Outcome) => void): () => void {
    const limits = this.#limits;
    return watchCpu({
      limits,
      look: () => this.look(),
      onExceeded: (observedMs) => onExceeded({ kind: "cpu_limit", limitMs: limits.cpuMs, observedMs }),
    });
  }

  #askKernel(before: CountsBefore, onExceeded: (outcome: Outcome) => void): () => void {
    const { group, ownProcesses } = this.#sources;
    const limits = this.#limits;
    const bounds = diskBounds(limits.diskMb);
    const processes = new ProcessWatch(() => {
      const tally = group?.look(before, { own: ownProcesses() });
      if (tally !== undefined) this.#see(tally.cpuMs ?? 0, tally.peakMemoryBytes ?? 0);
      return tally;
    }, (seen) => {
      // The kernel itself keeps memory to its bound, which other programs beside this one may have lowered.
      const over = exceeded({ ...seen, peakMemoryBytes: null }, { limits, maxDescriptors: MAX_DESCRIPTORS });
      if (over !== undefined) onExceeded(over);
    });
    const disk = new SizeWatch({
      bounds,
      measure: async () => await group?.diskUsage() ?? { bytes: 0, files: 0 },
      onExceeded: (observed) => onExceeded(diskLimit(observed, { bounds, limits })),
    });
    processes.start();
    return () => {
      processes.stop();
      disk.stop();
    };
  }
}

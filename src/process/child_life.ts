import type { Outcome, ProgramUsage } from "../core/execution.ts";
import type { ChildProcesses, UsageSample } from "./child_processes.ts";
import { type ChildBounds, diskLimit, exceededLimit, memoryLimit, outcomeOf } from "./ending.ts";
import type { CoreTimes } from "./process_tree.ts";
import { ProcessWatch } from "./process_watch.ts";
import { SizeWatch, type SizeWatchOptions } from "../host/size_watch.ts";
import { spawnGroup, type SpawnRequest } from "./spawn.ts";
import { terminate } from "./terminate.ts";

/** A child, and the causes of its end. */
export interface ChildLifeRequest extends SpawnRequest, ChildBounds {
  /** The processes of the child, and what these start. */
  readonly processes: ChildProcesses;
  /** Derives the program's end from the child's. */
  statusOf(status: Deno.CommandStatus): Deno.CommandStatus | Promise<Deno.CommandStatus>;
  /** The disk usage to watch; absent means not watched. */
  readonly disk?: Omit<SizeWatchOptions, "onExceeded">;
  /**
   * Whether the child works between {@link ChildLife.beginWork} and its disposal alone. At other times it is sampled
   * less often while it uses no CPU time. Absent, it may work at any time.
   */
  readonly restsBetweenWork?: boolean;
  /** Derives an outcome from facts of the runtime beside the exit status. Undefined when the runtime has none. */
  explain(status: Deno.CommandStatus, usage: ProgramUsage): Outcome | undefined;
}

/**
 * A child from its start to its end. The first cause of its end is its outcome: itself, the cause given to {@link
 * ChildLife.end}, or a limit that the watches see. The limits end it at once, with everything that it started.
 */
export class ChildLife {
  readonly process: Deno.ChildProcess;
  readonly outcome: Promise<Outcome>;
  readonly #request: ChildLifeRequest;
  readonly #watch: ProcessWatch;
  readonly #exited = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #reported = Promise.withResolvers<Deno.CommandStatus>();
  #exitStatus: Deno.CommandStatus | undefined;
  #disk: SizeWatch | undefined;
  #cause: Outcome | undefined;
  #hasEnded = false;
  #terminating: Promise<void> | undefined;
  #cpuMsBefore = 0;

  private constructor(request: ChildLifeRequest, process: Deno.ChildProcess) {
    this.#request = request;
    this.process = process;
    this.#watch = new ProcessWatch(() => this.#sample(), (seen) => {
      const over = exceededLimit(seen, request);
      if (over !== undefined) this.end(over, "kill");
    }, { mayRest: request.restsBetweenWork });
    this.outcome = this.#follow();
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  static start(request: ChildLifeRequest): ChildLife {
    return new ChildLife(request, spawnGroup(request));
  }

  /** Settles when the child's process has ended. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /** Settles, after the outcome, when all processes of the child are gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** The cause of the child's end, unless it ended by itself. */
  get cause(): Outcome | undefined {
    return this.#cause;
  }

  usage(): ProgramUsage {
    const { cpuMs, peakMemoryBytes } = this.#watch.seen;
    return { cpuMs, peakMemoryBytes };
  }

  /** The core times of the program, as {@link ChildProcesses.coreTimes}. */
  coreTimes(): CoreTimes | undefined {
    return this.#request.processes.coreTimes();
  }

  /** Subtracts usage until now from the program's usage: it is the launcher's. */
  prepare(): void {
    const sample = this.#request.processes.sample();
    this.#cpuMsBefore = sample?.cpuMs ?? 0;
    if (sample !== undefined) this.#watch.see({ ...sample, cpuMs: sample.cpuMs === null ? null : 0 });
  }

  /** Begins to watch the limits when the program begins. */
  begin(): void {
    this.#watch.start();
    this.watchDisk();
  }

  /** Begins to watch the disk, at the latest when the program begins. */
  watchDisk(): void {
    if (!this.#hasEnded) this.#disk ??= this.#watchSize();
  }

  /** Samples the child often until disposal, as it works. */
  beginWork(): Disposable {
    this.#watch.beginWork();
    this.#disk?.expectWork();
    return { [Symbol.dispose]: () => this.#watch.endWork() };
  }

  /** Ends the child, unless something else has. It uses SIGTERM and a grace period, or SIGKILL at once. */
  end(cause: Outcome, how: "kill" | "terminate"): void {
    if (this.#cause !== undefined || this.#hasEnded) return;
    this.#cause = cause;
    const signal = (signal: Deno.Signal) => this.signal(signal);
    if (how === "kill") signal("SIGKILL");
    else this.#terminating = terminate(signal, this.exited);
  }

  /** Keeps the exit code that the program reports. The code counts even where the process then ends by a crash. */
  noteExitCode(code: number): void {
    this.#exitStatus ??= { success: code === 0, code, signal: null };
  }

  /**
   * Ends the child with the exit code that it reported, and kills its other processes. Call this once all its output is
   * read.
   */
  reportExit(): void {
    this.#watch.sampleOnce();
    if (this.#cause !== undefined || this.#hasEnded || this.#exitStatus === undefined) return;
    this.#reported.resolve(this.#exitStatus);
    this.signal("SIGKILL");
  }

  /** Signals the program and everything that it started. */
  signal(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#request.processes.signal(signal);
  }

  #sample(): UsageSample | undefined {
    const sample = this.#request.processes.sample();
    if (sample === undefined || sample.cpuMs === null) return sample;
    return { ...sample, cpuMs: Math.max(0, Math.round(sample.cpuMs - this.#cpuMsBefore)) };
  }

  #watchSize(): SizeWatch | undefined {
    const { disk, limits } = this.#request;
    return disk && new SizeWatch({
      ...disk,
      isIdle: () => this.#watch.isResting,
      onExceeded: (observed) => {
        const over = diskLimit(observed, { bounds: disk.bounds(), limits });
        if (this.#hasEnded) this.#cause ??= over;
        else this.end(over, "kill");
      },
    });
  }

  async #follow(): Promise<Outcome> {
    const { explain, limits, processes, statusOf } = this.#request;
    const ended = await Promise.race([this.process.status, this.#reported.promise]);
    const isReported = ended === this.#exitStatus;
    this.#hasEnded = true;
    this.#exited.resolve();
    this.#watch.stop();
    if (!isReported && processes.isOutOfMemory()) this.#cause ??= memoryLimit(this.#watch.seen, limits); // reportExit() has sampled.
    this.process.status.then(() => processes.end()).then(this.#gone.resolve);
    await this.#terminating;
    await this.#disk?.stop();
    await this.process.stdin.abort().catch(() => {}); // The stream is closed either way.
    if (this.#cause !== undefined) return this.#cause;
    const own = isReported ? ended : await statusOf(ended); // This reads the rest of stderr, where the report may be.
    const status = this.#exitStatus ?? own;
    return explain(status, this.#watch.seen) ?? outcomeOf(status, { sample: this.#watch.seen, limits });
  }
}

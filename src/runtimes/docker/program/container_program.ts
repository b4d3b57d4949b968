import { settledWithin } from "../../../concurrency/delay.ts";
import { type DenialReport, NO_DENIALS } from "../../../core/denials/denial_report.ts";
import {
  type CompileResult,
  type Outcome,
  type OutputSource,
  type ProgramUsage,
  uncompiledOutcome,
} from "../../../core/execution.ts";
import { onAbort } from "../../../concurrency/on_abort.ts";
import type { ProgramHandle } from "../../port.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { EngineExit } from "../engine/engine_containers.ts";
import { type Ending, endingOf, outcomeOf } from "./ending.ts";
import { FinalReport } from "./final_report.ts";
import type { Launch } from "./launch_phase.ts";
import type { Launcher } from "./launcher.ts";
import type { ProgramControl, ProgramParts } from "./program_control.ts";
import { launchError, launchProgram } from "./program_launch.ts";
import { ProgramOutput } from "./program_output.ts";
import { ProgramWatch } from "./program_watch.ts";
import { Termination } from "./termination.ts";

/** The longest wait for an ended launcher's final report while the output is not read. */
const REPORT_WAIT_MS = 500;
/** The end of a container that the Engine no longer knows. */
const REMOVED: EngineExit = { exitCode: 137, oomKilled: false };
/** Signals that an Engine sends when it shuts down. */
const SHUTDOWN_SIGNALS = ["SIGTERM", "SIGKILL"];

/** A program, and the launcher that was started for it. */
export interface ContainerProgramRequest extends Omit<ProgramParts, "control"> {
  readonly launcher: Launcher;
  readonly control: ProgramControl;
  /** The launcher's input, before the program's own stdin. */
  readonly input: readonly Uint8Array[];
}

/** A program that may begin. */
export interface StartedProgram {
  readonly program: ContainerProgram;
  readonly isWarm: boolean;
}

/**
 * A program in a container, from the moment at which it may begin. Its outcome is the first of its own end, a limit, its
 * deadline and its cancellation.
 */
export class ContainerProgram implements ProgramHandle {
  readonly stdin: WritableStream<Uint8Array>;
  readonly output: OutputSource;
  readonly outcome: Promise<Outcome>;
  compile?: CompileResult;
  readonly #request: ContainerProgramRequest;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #settled = Promise.withResolvers<Outcome>();
  readonly #termination: Termination;
  readonly #watch: ProgramWatch;
  readonly #report: FinalReport;
  readonly #output: ProgramOutput;

  private constructor(request: ContainerProgramRequest) {
    const { control, denials, launcher, limits } = request;
    this.#request = request;
    this.#watch = new ProgramWatch(control, limits);
    this.#report = new FinalReport(() => control.group?.diskNow());
    this.#termination = new Termination({
      control,
      launcherPid: launcher.pid,
      sample: () => this.#watch.sample(),
      onEngineLost: (cause) => this.#abandon(cause),
    });
    this.#output = new ProgramOutput({
      launcher,
      limits,
      denials,
      report: this.#report,
      onUsage: (usage) => this.#watch.setFinalUsage(usage),
      onExceeded: (outcome) => this.#termination.end(outcome, "kill"),
    });
    this.#stdin = launcher.attachment.stdin.getWriter();
    this.outcome = this.#settled.promise;
    this.output = this.#output.stream;
    this.stdin = new WritableStream({
      write: (bytes) => this.#stdin.write(bytes),
      close: () => this.#stdin.close(),
    });
  }

  /**
   * Launches a program. Returns when it may begin, or when its compiler has failed.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended or hung before; `too_large` when the
   *   workspace has no room for the archive
   */
  static async start(
    request: ContainerProgramRequest,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ContainerProgram> {
    const program = new ContainerProgram(request);
    const cancelling = onAbort(signal, () => program.#termination.end({ kind: "cancelled" }, "terminate"));
    program.outcome.then(() => cancelling[Symbol.dispose]());
    const launchedAt = performance.now();
    const launch = await program.#launch();
    if (launch.kind === "ready") program.#begin(launch);
    else program.#fail(launch, { elapsedMs: performance.now() - launchedAt });
    return program;
  }

  usage(): ProgramUsage {
    return this.#watch.usage;
  }

  sample(): Promise<unknown> {
    return this.#watch.sampleUnlessPolled();
  }

  denials(): DenialReport {
    return this.#request.denials?.report() ?? NO_DENIALS;
  }

  forgetDenials(): void {
    this.#request.denials?.forget();
  }

  kill(signal: Deno.Signal): void {
    if (!this.#termination.isClosed) this.#termination.send(signal);
  }

  #launch(): Promise<Launch> {
    return launchProgram({
      ...this.#request,
      termination: this.#termination,
      watch: this.#watch,
      write: async (parts) => {
        for (const part of parts) await this.#stdin.write(part);
      },
      onEngineLost: () => this.#output.close(),
    });
  }

  #begin({ first, cpuNs, compile }: Extract<Launch, { kind: "ready" }>): void {
    const { timeoutMs } = this.#request.limits;
    if (compile !== undefined) this.compile = compile;
    this.#output.begin(first);
    const deadline = setTimeout(
      () => this.#termination.end({ kind: "timed_out", limitMs: timeoutMs }, "terminate"),
      timeoutMs,
    );
    this.#watch.begin(cpuNs, (outcome) => this.#termination.end(outcome, "kill"));
    this.outcome.then(() => {
      clearTimeout(deadline);
      this.#watch.stop();
    });
    this.#findOutcome().then((outcome) => this.#settle(outcome));
  }

  /**
   * Ends a program that cannot begin.
   *
   * @throws {CodeBeakerError} unless a cause, or its compiler, gives it an outcome
   */
  #fail(
    launch: Exclude<Launch, { kind: "ready" }>,
    { elapsedMs }: { readonly elapsedMs: number },
  ): void {
    if (launch.kind === "not_compiled") this.compile = launch.compile;
    if (this.#request.compiles && typeof this.compile?.cpuMs !== "number") this.#watch.setUnreported(elapsedMs);
    const outcome = this.#termination.cause ?? (this.compile && uncompiledOutcome(this.compile));
    this.#termination.markExited();
    this.#settle(outcome ?? { kind: "cancelled" });
    this.#output.begin();
    this.#output.close();
    if (outcome === undefined) throw launchError(launch, this.#request.limits);
  }

  async #findOutcome(): Promise<Outcome> {
    const { control } = this.#request;
    const waiting = new AbortController();
    const exit = control.ended(waiting.signal).catch((error: unknown) => isEngineLost(error) ? undefined : REMOVED);
    const { closed, reported } = this.#output;
    const end = await Promise.race([reported, this.#termination.gone, exit]);
    waiting.abort();
    this.#termination.markExited();
    if (typeof end !== "string") await settledWithin(Promise.race([reported, closed]), REPORT_WAIT_MS);
    await this.#termination.signalsSent;
    if (this.#termination.cause !== undefined) return this.#termination.cause;
    if (this.#report.ending !== undefined) return await this.#explain(this.#report.ending);
    if (end === "gone") return await this.#explain(endingOf(REMOVED));
    if (end === undefined || end === "reported") return { kind: "interrupted", reason: "the Docker Engine was lost" };
    return await this.#explain(endingOf(end));
  }

  async #explain(ending: Ending): Promise<Outcome> {
    const { control, limits } = this.#request;
    const { peakMemoryBytes } = this.#watch.usage;
    const outcome = outcomeOf(ending, { disk: this.#report.disk, limits, peakMemoryBytes });
    if (outcome.kind !== "signaled" || !SHUTDOWN_SIGNALS.includes(outcome.signal)) return outcome;
    const answers = await control.ping().then(() => true, () => false);
    return answers ? outcome : { kind: "interrupted", reason: "the Docker Engine was stopped" };
  }

  #settle(outcome: Outcome): void {
    this.#termination.close();
    this.#settled.resolve(outcome);
  }

  /** Stops waiting for the program. Without an Engine, only the removal of its container ends it. */
  #abandon(cause: Outcome): void {
    this.#settle(cause);
    this.#output.close();
  }
}

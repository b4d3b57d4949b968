import { runProgram } from "../commands/mod.ts";
import type { ServiceDiagnosis } from "../core/diagnosis.ts";
import { messageOf } from "../core/errors.ts";
import type { Execution, ProgramResult } from "../core/execution.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import { resolveLimits } from "../core/limits.ts";
import {
  type ExecutionRequest,
  placeFiles,
  type RequestFile,
  type SelectionRequest,
  sourceOf,
} from "../core/requests/execution_request.ts";
import type { Selection } from "../core/selection.ts";
import { log } from "../log.ts";
import type { RuntimeDescription } from "../runtimes/selection/description.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import { delay } from "../concurrency/delay.ts";
import { writeFiles } from "../workspace/write_files.ts";
import type { Admission, Place } from "./admission.ts";
import { diagnoseService, type Machine } from "./diagnosing.ts";
import type { Executions, RunResult } from "./executions.ts";
import type { LiveExecution } from "./live_execution.ts";
import type { Candidates, Placement, Trial } from "./placement.ts";
import type {
  Caller,
  EnginePort,
  ExecutionReport,
  FeedInput,
  RuntimeReadiness,
  SubmitOptions,
  Submitted,
} from "./port.ts";

/** With more than so much to write, a start shows what its files are and not what its runtime is. */
const MAX_SHOWING_BYTES = 65_536;

/** What an engine is made from. */
export interface EngineOptions {
  readonly placement: Placement;
  readonly admission: Admission;
  readonly executions: Executions;
  readonly machine: Machine;
}

/** The façade that every door uses for programs: admit, select, run, record. */
export class Engine implements EnginePort, AsyncDisposable {
  readonly #placement: Placement;
  readonly #admission: Admission;
  readonly #executions: Executions;
  readonly #machine: Machine;
  /** Environments that are being removed behind the answer. */
  readonly #leaving = new Set<Promise<void>>();

  constructor({ placement, admission, executions, machine }: EngineOptions) {
    this.#placement = placement;
    this.#machine = machine;
    this.#admission = admission;
    this.#executions = executions;
  }

  async submit(caller: Caller, request: ExecutionRequest, options: SubmitOptions = {}): Promise<Submitted> {
    const { idempotencyKey } = options;
    const fingerprint = () => fingerprintOf(request);
    const repeated = idempotencyKey === undefined
      ? undefined
      : this.#executions.findRepeated({ caller, fingerprint }, idempotencyKey, options);
    if (repeated !== undefined) return repeated;
    const candidates = await this.#admission.whileOpen(
      this.#placement.candidates(caller.principal, request, { runsMainFile: runsMainFile(request) }),
    );
    this.#admission.check(caller.principal);
    return this.#executions.start(
      {
        caller,
        language: request.language,
        selection: candidates.ranking.selection,
        limits: resolveLimits(request.limits),
        source: sourceOf(request),
        hasStdin: request.stdin !== undefined,
        fingerprint,
      },
      (live) => this.#run(live, candidates, options),
      options,
    );
  }

  /** {@link submit}, and its end. */
  async execute(caller: Caller, request: ExecutionRequest, options: SubmitOptions = {}): Promise<Execution> {
    const { ended } = await this.submit(caller, request, options);
    return await ended;
  }

  report(
    caller: Caller,
    id: string,
    options: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ExecutionReport> {
    return this.#executions.report(caller, id, options);
  }

  cancel(caller: Caller, id: string): void {
    this.#executions.cancel(caller, id);
  }

  feed(
    caller: Caller,
    id: string,
    input: FeedInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#executions.feed(caller, id, input, options);
  }

  select({ principal }: Caller, request: SelectionRequest): Promise<Selection> {
    return this.#placement.explain(principal, request);
  }

  get isOpen(): boolean {
    return this.#admission.isOpen;
  }

  describeRuntimes(): Promise<RuntimeDescription[]> {
    return this.#placement.describe();
  }

  readiness(): Promise<RuntimeReadiness[]> {
    return this.#placement.readiness();
  }

  diagnose(): Promise<ServiceDiagnosis> {
    return diagnoseService(this.#placement, this.#machine);
  }

  /**
   * Takes no more, lets running programs finish for a while, ends the others as `interrupted`, and removes what they
   * had.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#admission.close();
    await this.#executions[Symbol.asyncDispose]();
    await Promise.all(this.#leaving);
  }

  async #run(
    live: LiveExecution,
    candidates: Candidates<ExecutionRequest>,
    options: SubmitOptions,
  ): Promise<RunResult> {
    const { principal } = live.facts.caller;
    using place = await this.#admission.enter(principal, {
      isPatient: options.isPatient ?? false,
      memoryMb: candidates.ranking.memoryMb,
      signal: live.signal,
    });
    live.leaveQueue();
    const { value, ...placed } = await this.#placement.tryEach(
      candidates,
      (trial) => this.#runOn(trial, { live, candidates, options, place }),
    );
    this.#admission.charge(principal, value.usage);
    return { ...value, ...placed };
  }

  async #runOn(
    { runtime, config, profile, begin }: Trial,
    { live, candidates: { request, ranking }, options, place }: {
      readonly live: LiveExecution;
      readonly place: Place;
      readonly candidates: Candidates<ExecutionRequest>;
      readonly options: SubmitOptions;
    },
  ) {
    const askedAt = performance.now();
    const environment = await runtime.createEnvironment({
      ...config,
      singleUse: true,
      runsMainFile: runsMainFile(request),
    });
    using _leaving = { [Symbol.dispose]: () => place.keepMemoryUntil(this.#leave(environment)) };
    const { files, entrypoint } = placeFiles(request, environment.mainFile());
    await writeFiles(environment.files, files);
    const result = await runProgram(environment, { kind: "file", path: entrypoint, args: request.args }, {
      limits: config.resourceLimits,
      kept: live.kept,
      stdin: options.stdin ?? live.fedStdin ?? request.stdin ?? "",
      signal: live.signal,
      askedAt,
      permissionBounds: this.#placement.boundsOf(live.facts.caller.principal),
      onStart: () => {
        begin({ provesNothing: live.signal.aborted }); // A program cancelled before its start proves nothing.
        live.begin();
        options.onStart?.({ id: live.facts.id, runtime: runtime.name, selection: ranking.selection });
      },
      ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
    });
    if (showsRuntime(result, files)) {
      profile.record({ ...result.usage, language: request.language, path: environment.warm ? "warm" : "cold" });
    }
    return { ...result, warm: environment.warm };
  }

  /** Ends an environment behind the answer, which need not wait for it; the engine's own end does. */
  #leave(environment: ExecutionEnvironment): Promise<void> {
    const leaving = (async () => {
      await delay(0); // The answer leaves first.
      await using _owned = environment;
    })().catch((error: unknown) =>
      log.error("an environment cannot be removed", { environment: environment.id, error: messageOf(error) })
    ).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return leaving;
  }
}

/** Whether a request runs the main file, without arguments. */
function runsMainFile({ args, entrypoint }: ExecutionRequest): boolean {
  return entrypoint === undefined && args.length === 0;
}

/** Whether a start shows what its runtime takes: not one with many files, nor one that was given up. */
function showsRuntime({ outcome: { kind } }: ProgramResult, files: readonly RequestFile[]): boolean {
  const fileBytes = files.reduce((total, { bytes }) => total + bytes.length, 0);
  return fileBytes <= MAX_SHOWING_BYTES && kind !== "cancelled" && kind !== "interrupted";
}

import { runFile } from "../commands/mod.ts";
import type { ServiceDiagnosis } from "../core/diagnosis.ts";
import { messageOf } from "../core/errors.ts";
import type { Execution, ProgramResult } from "../core/execution.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import { isKnownLanguage, mainFileOf } from "../core/languages.ts";
import type { Needs } from "../core/needs.ts";
import { resolveLimits } from "../core/limits.ts";
import { type ExecutionRequest, placeFiles, sourceOf } from "../core/requests/execution_request.ts";
import type { RequestFile } from "../core/requests/request_files.ts";
import type { SelectionRequest } from "../core/requests/selection_request.ts";
import type { Selection } from "../core/selection.ts";
import { log } from "../log.ts";
import type { LanguageDescription } from "../runtimes/selection/language_description.ts";
import type { RuntimeDescription } from "../runtimes/selection/description.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { RankOptions } from "../runtimes/selection/filters.ts";
import { delay } from "../concurrency/delay.ts";
import { writeFiles } from "../workspace/write_files.ts";
import type { NeedAnalyser } from "../needs/mod.ts";
import type { Admission } from "./admission.ts";
import type { Candidates, Dispatcher, RuntimeAttempt } from "./dispatcher.ts";
import type { RunResult } from "./execution_records.ts";
import type { Executions } from "./executions.ts";
import type { Slot } from "./held_slot.ts";
import type { LiveExecution } from "./live_execution.ts";
import type {
  Caller,
  EnginePort,
  ExecutionEvent,
  ExecutionPage,
  ExecutionQuery,
  ExecutionReport,
  FeedInput,
  FollowOptions,
  RuntimeReadiness,
  SubmitOptions,
  Submitted,
} from "./port.ts";
import type { ServiceStatus } from "./service_status.ts";

/** Most bytes of files of a start that is measured. With more, the time would be that of writing files. */
const MAX_MEASURED_BYTES = 65_536;

/** The parts of an engine. */
export interface EngineOptions {
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  readonly executions: Executions;
  readonly status: ServiceStatus;
  /** Finds the needs of programs; absent, no needs are known. */
  readonly needs?: Pick<NeedAnalyser, "find">;
}

/** The façade that every door uses for programs: admit, select, run, record. */
export class Engine implements EnginePort, AsyncDisposable {
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #executions: Executions;
  readonly #status: ServiceStatus;
  readonly #needs: EngineOptions["needs"];
  /** Removals of environments that go on after their answer was sent. */
  readonly #removals = new Set<Promise<void>>();

  constructor({ dispatcher, admission, executions, status, needs }: EngineOptions) {
    this.#dispatcher = dispatcher;
    this.#admission = admission;
    this.#executions = executions;
    this.#status = status;
    this.#needs = needs;
  }

  async submit(caller: Caller, request: ExecutionRequest, options: SubmitOptions = {}): Promise<Submitted> {
    const { idempotencyKey } = options;
    const fingerprint = () => fingerprintOf(request);
    const repeated = idempotencyKey === undefined
      ? undefined
      : this.#executions.findRepeated({ caller, fingerprint }, idempotencyKey, options);
    if (repeated !== undefined) return repeated;
    const candidates = await this.#admission.whileOpen(
      this.#findCandidates(caller, request, options),
    );
    this.#admission.check(caller.principal);
    return this.#executions.start(
      {
        caller,
        language: request.language,
        selection: candidates.ranking.selection,
        explain: request.explain,
        limits: resolveLimits(candidates.request.limits, this.#dispatcher.limitPolicy),
        source: sourceOf(request),
        hasStdin: request.stdin !== undefined || request.tests !== undefined,
        fingerprint,
      },
      (live) => this.#run(live, candidates, options),
      options,
    );
  }

  /** Submits, and waits for the end. */
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

  list(caller: Caller, query: ExecutionQuery): ExecutionPage {
    return this.#executions.list(caller, query);
  }

  follow(caller: Caller, id: string, options: FollowOptions): AsyncIterable<ExecutionEvent> | undefined {
    return this.#executions.follow(caller, id, options);
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

  async select(
    { principal }: Caller,
    request: SelectionRequest | ExecutionRequest,
    { isPatient = false }: { readonly isPatient?: boolean } = {},
  ): Promise<Selection> {
    const facts = "files" in request ? { inputs: inputsOf(request), needs: await this.#needsOf(request) } : {};
    return await this.#dispatcher.explain(principal, request, { isPatient, ...facts });
  }

  get isOpen(): boolean {
    return this.#admission.isOpen;
  }

  describeRuntimes(): Promise<RuntimeDescription[]> {
    return this.#status.describeRuntimes();
  }

  describeLanguages(): Promise<LanguageDescription[]> {
    return this.#status.describeLanguages();
  }

  readiness(): Promise<RuntimeReadiness[]> {
    return this.#status.readiness();
  }

  diagnose(): Promise<ServiceDiagnosis> {
    return this.#status.diagnose();
  }

  /**
   * Accepts no more requests, and lets running programs finish for a while. It ends the others as `interrupted`, and
   * removes their environments.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#admission.close();
    await this.#executions[Symbol.asyncDispose]();
    await Promise.all(this.#removals);
  }

  /**
   * Finds the needs of a request, unless it forces a runtime. That runs the program whatever it needs. Of other
   * languages only a runtime knows the name of the main file.
   */
  async #needsOf(request: ExecutionRequest): Promise<Needs | undefined> {
    if (request.runtime !== undefined || !isKnownLanguage(request.language)) return undefined;
    return await this.#needs?.find(placeFiles(request, mainFileOf(request.language)));
  }

  async #findCandidates(
    { principal }: Caller,
    request: ExecutionRequest,
    { isPatient = false }: SubmitOptions,
  ): Promise<Candidates<ExecutionRequest>> {
    const needs = await this.#needsOf(request);
    return await this.#dispatcher.findCandidates(principal, request, {
      runsMainFile: runsMainFile(request),
      inputs: inputsOf(request),
      needs,
      takesTested: !isPatient,
    });
  }

  async #run(
    live: LiveExecution,
    candidates: Candidates<ExecutionRequest>,
    options: SubmitOptions,
  ): Promise<RunResult> {
    const { principal } = live.facts.caller;
    using slot = await this.#admission.enter(principal, {
      isPatient: options.isPatient ?? candidates.request.tests !== undefined,
      isTested: candidates.request.tests !== undefined,
      maxWaitMs: options.maxQueueMs,
      memoryMb: candidates.ranking.passed[0]?.memoryMb ?? 0,
      signal: live.signal,
    });
    live.leaveQueue();
    const { value, ...ranOn } = await this.#dispatcher.attemptEach(
      candidates,
      (attempt) => this.#runOn(attempt, { live, candidates, options, slot }),
    );
    this.#admission.charge(principal, value);
    return { ...value, ...ranOn };
  }

  async #runOn(
    { runtime, config, memoryMb, profile, begin }: RuntimeAttempt,
    { live, candidates: { request }, options, slot }: {
      readonly live: LiveExecution;
      readonly slot: Slot;
      readonly candidates: Candidates<ExecutionRequest>;
      readonly options: SubmitOptions;
    },
  ) {
    await slot.reserveMemory(memoryMb);
    const askedAt = performance.now();
    const environment = await runtime.createEnvironment({
      ...config,
      singleUse: request.outputs.length === 0 && request.tests === undefined,
      runsMainFile: runsMainFile(request),
    });
    using _removal = { [Symbol.dispose]: () => this.#remove(environment, slot) };
    const { files, entrypoint } = placeFiles(request, environment.mainFile());
    await writeFiles(environment.files, files);
    const result = await runFile(environment, { request, path: entrypoint, paths: files.map(({ path }) => path) }, {
      limits: config.resourceLimits,
      compileMs: request.compileMs,
      kept: live.kept,
      stdin: options.stdin ?? live.fedStdin ?? request.stdin ?? "",
      signal: live.signal,
      askedAt,
      outputs: request.outputs,
      memory: options.memory,
      permissionBounds: this.#dispatcher.boundsOf(live.facts.caller.principal),
      onStart: ({ compile }) => {
        begin({ isConclusive: !live.signal.aborted }); // A program that is cancelled before its start proves nothing.
        const start = live.begin(runtime.name);
        options.onStart?.(compile === undefined ? start : { ...start, compile });
      },
      onOutput: options.onOutput,
    });
    if (measuresRuntime(result, files)) {
      profile.record({ ...result.usage, language: request.language, path: environment.warm ? "warm" : "cold" });
    }
    return { ...result, warm: environment.warm };
  }

  /** Removes an environment after its answer was sent, if there is anything to remove. Its slot keeps the memory. */
  #remove(environment: ExecutionEnvironment, slot: Slot): void {
    if (environment.leavesNothing === true) return;
    const removal = (async () => {
      await delay(0); // The answer is sent first.
      await using _owned = environment;
    })().catch((error: unknown) =>
      log.error("environment.remove_failed", { environment: environment.id, error: messageOf(error) })
    ).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
    slot.keepMemoryUntil(removal);
  }
}

/** Whether a request runs the main file without arguments. */
function runsMainFile({ args, entrypoint, tests }: ExecutionRequest): boolean {
  return entrypoint === undefined && args.length === 0 && tests === undefined;
}

/** The kinds of input that a request gives its program beside files and variables. */
function inputsOf({ args, stdin = "", tests = [] }: ExecutionRequest): NonNullable<RankOptions["inputs"]> {
  const hasArguments = args.length > 0 || tests.some((test) => (test.args ?? []).length > 0);
  const hasStdin = stdin !== "" || tests.some((test) => (test.stdin ?? "") !== "");
  return [...(hasArguments ? ["arguments"] as const : []), ...(hasStdin ? ["stdin"] as const : [])];
}

/** Whether a start measures its runtime. A start with many files does not, nor one that was given up. */
function measuresRuntime({ outcome: { kind } }: ProgramResult, files: readonly RequestFile[]): boolean {
  const fileBytes = files.reduce((total, { bytes }) => total + bytes.length, 0);
  return fileBytes <= MAX_MEASURED_BYTES && kind !== "cancelled" && kind !== "interrupted";
}

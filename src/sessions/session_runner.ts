import type { Admission } from "../engine/admission.ts";
import type { RunResult } from "../engine/execution_records.ts";
import type { Executions } from "../engine/executions.ts";
import type { LiveExecution } from "../engine/live_execution.ts";
import type { Dispatcher } from "../engine/dispatcher.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import { startCountdown } from "../concurrency/deadline.ts";
import { hasCode } from "../core/errors.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { Session } from "./session.ts";
import type { SessionProgram } from "./session_program.ts";

/** The parts of a session runner. */
export interface SessionRunnerOptions {
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  readonly executions: Executions;
  /** Called when the end of a session's program has been recorded. */
  onRecorded(session: Session): void;
  /** Called when the environment of a session has ended by itself. */
  onEnded(session: Session): void;
}

/** Runs programs and other commands in the environments of sessions. */
export class SessionRunner {
  readonly #options: SessionRunnerOptions;

  constructor(options: SessionRunnerOptions) {
    this.#options = options;
  }

  /** Submits a program. The program waits for the session's program slot, then for a slot of the service. */
  start(
    caller: Caller,
    session: Session,
    { program, options }: { readonly program: SessionProgram; readonly options: SubmitOptions },
  ): Submitted {
    const { admission, executions } = this.#options;
    const { selection, request: { language } } = session;
    session.checkQueue();
    admission.check(caller.principal);
    return executions.start(
      {
        caller,
        language,
        sessionId: session.id,
        selection,
        ...program,
        onRecorded: () => this.#options.onRecorded(session),
      },
      (live) => this.#run(live, session, { program, options }),
      options,
    );
  }

  /**
   * Finds an earlier submit under the same idempotency key. It also finds one whose session or context is closed.
   *
   * @param request the object whose fingerprint identifies the program
   */
  findRepeated(caller: Caller, request: object, options: SubmitOptions): Submitted | undefined {
    const { idempotencyKey } = options;
    if (idempotencyKey === undefined) return undefined;
    const fingerprint = () => fingerprintOf(request);
    return this.#options.executions.findRepeated({ caller, fingerprint }, idempotencyKey, options);
  }

  /** Does work in a session's environment. Calls `onEnded` when that environment has ended by itself. */
  async inEnvironment<T>(session: Session, act: (environment: ExecutionEnvironment) => Promise<T>): Promise<T> {
    const { environment } = session;
    try {
      return await act(environment);
    } catch (error) {
      if (await hasEnded(environment, error)) this.#options.onEnded(session);
      throw error;
    }
  }

  async #run(
    live: LiveExecution,
    session: Session,
    { program, options }: { readonly program: SessionProgram; readonly options: SubmitOptions },
  ): Promise<RunResult> {
    const { principal } = live.facts.caller;
    const { admission, dispatcher } = this.#options;
    const { signal } = live;
    const leftMs = options.maxQueueMs === undefined ? undefined : startCountdown(options.maxQueueMs);
    using _programSlot = await session.acquireProgramSlot({ signal, timeoutMs: leftMs?.() });
    const memoryMb = program.memoryMb ?? session.memoryFor(program.limits);
    using _slot = await admission.enter(principal, {
      isPatient: true,
      isTested: program.isTested ?? false,
      maxWaitMs: leftMs?.(),
      memoryMb,
      signal,
    });
    live.leaveQueue();
    const { environment, runtime } = session;
    const ran = await this.inEnvironment(session, () =>
      program.run(environment, {
        limits: program.limits,
        kept: live.kept,
        signal,
        memory: options.memory,
        permissionBounds: dispatcher.boundsOf(principal),
        stdin: live.fedStdin,
        onStart: () => {
          const start = live.begin(runtime);
          options.onStart?.(start);
        },
        onDisplay: (data) => {
          live.display(data);
          return options.onDisplay?.(data);
        },
        onOutput: options.onOutput,
        onInput: options.onInput,
      }));
    admission.charge(principal, ran);
    return { ...ran, runtime, warm: program.isWarm ?? environment.warm, attempts: [] };
  }
}

/** Whether an error means that an environment has ended. Such an environment cannot stat its own directory either. */
async function hasEnded(environment: ExecutionEnvironment, error: unknown): Promise<boolean> {
  if (!hasCode(error, "runtime_unavailable")) return false;
  try {
    await environment.files.stat(".");
    return false;
  } catch (second) {
    return hasCode(second, "runtime_unavailable");
  }
}

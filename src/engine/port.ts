import type { Answer } from "../core/answers/answer.ts";
import type { activitySchema } from "../core/answers/activity.ts";
import type { pendingExecutionSchema } from "../core/answers/execution_report.ts";
import type { runtimeReadinessSchema } from "../core/answers/runtime.ts";
import type { AnswerMemory, OnInput } from "../commands/mod.ts";
import type { MimeBundle } from "../core/cell.ts";
import type { ServiceDiagnosis } from "../core/diagnosis.ts";
import type { Failure } from "../core/errors.ts";
import type { CompileResult, Execution, OutputChunk, OutputStream } from "../core/execution.ts";
import type { ExecutionEntry, ExecutionStatus } from "../core/execution_entry.ts";
import type { PageRequest } from "../core/page.ts";
import type { Principal } from "../core/principal.ts";
import type { ExecutionRequest } from "../core/requests/execution_request.ts";
import type { SelectionRequest } from "../core/requests/selection_request.ts";
import type { Selection } from "../core/selection.ts";
import type { RuntimeDescription } from "../runtimes/selection/description.ts";
import type { LanguageDescription } from "../runtimes/selection/language_description.ts";

/** The caller of a request, and the id that the door gave the request. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId?: string;
}

/** The facts of a program that may begin. */
export interface ExecutionStart {
  readonly id: string;
  readonly runtime: string;
  /** The result of the compiler. Present for the submitter of a one-shot in a compiled language. */
  readonly compile?: CompileResult;
}

/** Options of a submitted program that are not in its request. */
export interface SubmitOptions {
  /**
   * Aborting cancels the execution, unless another submit still waits for it. The other submit has the same idempotency
   * key; one made without a signal waits always.
   */
  readonly signal?: AbortSignal | undefined;
  /** Replaces the request's `stdin`. */
  readonly stdin?: ReadableStream<Uint8Array> | undefined;
  /** Whether stdin stays open for {@link EnginePort.feed}. Ignored when the request names its stdin. */
  readonly isInteractive?: boolean;
  /** Whether the execution waits up to an hour in the queue. Otherwise it is `busy` after 2 s. */
  readonly isPatient?: boolean;
  /**
   * Longest time in the queue before the execution is `busy`. In a session it includes the wait for other programs of
   * the session. Default: {@link isPatient} decides.
   */
  readonly maxQueueMs?: number | undefined;
  /**
   * Makes the tenant's second submit under the same key return the first execution. It does not when the first failed
   * as `busy` or `runtime_unavailable` before it began. At most 255 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /** Memory for the files of the answer. Absent, it is not counted. */
  readonly memory?: AnswerMemory | undefined;
  onStart?(start: ExecutionStart): void;
  /** Receives the output. The program waits until this returns, unless the program is being ended. */
  readonly onOutput?: ((chunk: OutputChunk) => Promise<void> | void) | undefined;
  /** Receives the displays of a cell. The cell waits as a program does for {@link onOutput}. */
  onDisplay?(data: MimeBundle): Promise<void> | void;
  /** Asks the client for a line that a cell reads beyond its stdin. Default: its stdin ends there. */
  readonly onInput?: OnInput | undefined;
}

/**
 * An accepted execution, which has an id for later requests. An execution without `onStart`, `isPatient` and
 * idempotency key is recorded only at its end, and not at all when the service is lost before or cannot run it.
 */
export interface Submitted {
  readonly id: string;
  /** Settles at the end. Rejects with a {@link CodeBeakerError} when the service, and not the program, failed. */
  readonly ended: Promise<Execution>;
  /** The state of an execution that was submitted before. Absent for a new one. */
  readonly status?: ExecutionReport["status"];
}

/** The state of an execution, as its owner sees it. */
export type ExecutionReport =
  | Answer<typeof pendingExecutionSchema>
  | { readonly status: "ended"; readonly execution: Execution }
  | { readonly status: "failed"; readonly id: string; readonly error: Failure };

/** A point between events: bytes of each stream, and displays, that came before it. */
export interface EventPosition extends Readonly<Record<OutputStream, number>> {
  readonly displays: number;
}

/**
 * An event of an execution, with the position behind it. Output never divides a character. `dropped` counts lost bytes
 * and displays, in their place.
 */
export type ExecutionEvent =
  & { readonly position: EventPosition }
  & (
    | ({ readonly kind: "started" } & ExecutionStart)
    | { readonly kind: "output"; readonly stream: OutputStream; readonly text: string }
    | { readonly kind: "display"; readonly data: MimeBundle }
    | ({ readonly kind: "dropped" } & EventPosition)
    | { readonly kind: "ended"; readonly execution: Execution }
    | { readonly kind: "failed"; readonly error: Failure }
  );

/** Options of a reader of an execution's events. */
export interface FollowOptions {
  /** The position up to which the reader has the events. Absent, the events come from the beginning. */
  readonly after?: { readonly position: EventPosition; readonly hasEnd: boolean } | undefined;
  /** Aborting ends the events. */
  readonly signal: AbortSignal;
}

/** The filter of a listing of a tenant's executions. */
export interface ExecutionQuery extends PageRequest {
  readonly sessionId?: string | undefined;
  readonly status?: ExecutionStatus | undefined;
  /** A text that is searched for. Absent, all are listed. */
  readonly q?: string | undefined;
}

/** One page of a tenant's executions, the newest first. */
export interface ExecutionPage {
  readonly executions: readonly ExecutionEntry[];
  /** The cursor of the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** Input for a program's stdin. `close` ends it. */
export interface FeedInput {
  readonly text?: string;
  readonly close?: boolean;
}

/** Whether a runtime can be used now, and why not. */
export type RuntimeReadiness = Answer<typeof runtimeReadinessSchema>;

/** The present work of the service, for those who watch it. */
export interface ActivityPort {
  /** Reads it, with the figures of all tenants. An answer is at most 1 s old. */
  read(): Required<Answer<typeof activitySchema>>;
}

/** The façade that every door uses to run programs. Another tenant's execution is `not_found`. */
export interface EnginePort {
  /**
   * Accepts an execution. It selects a runtime, records the execution, and queues it.
   *
   * @throws {CodeBeakerError} `invalid_request`, `permission_denied`, `unsupported_language`, `no_suitable_runtime`,
   * `runtime_unavailable`, `busy`; `conflict` for an idempotency key that came with another request
   */
  submit(caller: Caller, request: ExecutionRequest, options?: SubmitOptions): Promise<Submitted>;
  /**
   * Reports the state of an execution. With `waitMs`, it reports at the end or after that time.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  report(
    caller: Caller,
    id: string,
    options?: { readonly waitMs?: number; readonly signal?: AbortSignal },
  ): Promise<ExecutionReport>;
  /**
   * Lists the tenant's executions, including live ones.
   *
   * @throws {CodeBeakerError} `invalid_request` for a malformed cursor
   */
  list(caller: Caller, query: ExecutionQuery): ExecutionPage;
  /**
   * Reads the events of a live or recorded execution. Undefined when the reader has the end already. A reader neither
   * delays nor ends the program.
   *
   * @throws {CodeBeakerError} `not_found`; `invalid_request` for a position that the execution has not reached
   */
  follow(caller: Caller, id: string, options: FollowOptions): AsyncIterable<ExecutionEvent> | undefined;
  /**
   * Asks an execution to end as `cancelled`. It does nothing to one that has ended.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  cancel(caller: Caller, id: string): void;
  /**
   * Writes to the stdin of an interactive execution. Inputs wait, in order, until the program reads. Aborting `signal`
   * takes a waiting input back.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when stdin is not open for input
   * @throws the reason of `signal` when it aborts first
   */
  feed(caller: Caller, id: string, input: FeedInput, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Selects as {@link submit} would, and runs nothing. The needs of a program are known only where the request has one.
   * A patient caller waits up to a minute for self-tests, others 2 s.
   */
  select(
    caller: Caller,
    request: SelectionRequest | ExecutionRequest,
    options?: { readonly isPatient?: boolean },
  ): Promise<Selection>;
  describeRuntimes(): Promise<RuntimeDescription[]>;
  /** Describes every language that some runtime supports. */
  describeLanguages(): Promise<LanguageDescription[]>;
  /** Reports for every runtime whether it can be used now. Once one can, it does not wait for slow answers. */
  readiness(): Promise<RuntimeReadiness[]>;
  /** Diagnoses the runtimes and the machine. It waits for running self-tests. */
  diagnose(): Promise<ServiceDiagnosis>;
  /** Whether the engine accepts requests. */
  readonly isOpen: boolean;
}

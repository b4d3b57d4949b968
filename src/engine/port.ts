import type { AnswerMemory } from "../commands/mod.ts";
import type { MimeBundle } from "../core/cell.ts";
import type { ServiceDiagnosis } from "../core/diagnosis.ts";
import type { Failure } from "../core/errors.ts";
import type { Execution, OutputChunk, OutputStream } from "../core/execution.ts";
import type { ExecutionEntry, ExecutionStatus } from "../core/execution_entry.ts";
import type { PageRequest } from "../core/page.ts";
import type { Principal } from "../core/principal.ts";
import type { ExecutionRequest } from "../core/requests/execution_request.ts";
import type { SelectionRequest } from "../core/requests/selection_request.ts";
import type { Selection } from "../core/selection.ts";
import type { RuntimeDescription, ShownAvailability } from "../runtimes/selection/description.ts";
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
}

/** Options of a submitted program that its request does not hold. */
export interface SubmitOptions {
  /**
   * Aborting cancels the execution, unless another submit under the same idempotency key still waits for it, or was
   * made without a signal.
   */
  readonly signal?: AbortSignal | undefined;
  /** Replaces the request's `stdin`. */
  readonly stdin?: ReadableStream<Uint8Array> | undefined;
  /** Whether stdin stays open for {@link EnginePort.feed}; ignored when the request names its stdin. */
  readonly isInteractive?: boolean;
  /** Whether it waits up to an hour in the queue, and not 2 s, before it is `busy`. */
  readonly isPatient?: boolean;
  /**
   * Longest time in the queue before it is `busy`; in a session it includes the wait for other programs of the session.
   * Default: {@link isPatient} decides.
   */
  readonly maxQueueMs?: number | undefined;
  /**
   * The tenant's second submit under the same key gets the first execution, unless that failed as `busy` or
   * `runtime_unavailable` before it began. At most 255 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /** Memory for the files of the answer; absent, it is not counted. */
  readonly memory?: AnswerMemory | undefined;
  onStart?(start: ExecutionStart): void;
  /** Receives the output. The program waits until this returns, unless it is being ended. */
  onOutput?(chunk: OutputChunk): Promise<void> | void;
  /** Receives the displays of a cell, which waits like a program for {@link onOutput}. */
  onDisplay?(data: MimeBundle): Promise<void> | void;
}

/**
 * An accepted execution, which can be asked for by its id. An execution without `onStart`, `isPatient` and idempotency
 * key is recorded only at its end, and not at all when the service is lost before or cannot run it.
 */
export interface Submitted {
  readonly id: string;
  /** Settles at its end; rejects with a {@link CodeBeakerError} when the service, and not the program, failed. */
  readonly ended: Promise<Execution>;
  /** The state of an execution that was submitted before; absent for a new one. */
  readonly status?: ExecutionReport["status"];
}

/** The state of an execution, as its owner sees it. */
export type ExecutionReport =
  | {
    readonly status: "queued" | "running";
    readonly id: string;
    readonly language: string;
    readonly sessionId?: string;
    readonly createdAt: string;
    /** Head and tail of the output so far. */
    readonly stdout: string;
    readonly stderr: string;
  }
  | { readonly status: "ended"; readonly execution: Execution }
  | { readonly status: "failed"; readonly id: string; readonly error: Failure };

/** How much of each part of an execution's output came before a point of its events: bytes, bytes, and displays. */
export interface EventPosition extends Readonly<Record<OutputStream, number>> {
  readonly displays: number;
}

/**
 * An event of an execution, with the position behind it. Output never divides a character. `dropped` counts what is not
 * kept, in its place.
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
  /** What the reader has already; absent, the events come from the beginning. */
  readonly after?: { readonly position: EventPosition; readonly hasEnd: boolean } | undefined;
  /** Aborting ends the events. */
  readonly signal: AbortSignal;
}

/** Which of a tenant's executions are listed. */
export interface ExecutionQuery extends PageRequest {
  readonly sessionId?: string | undefined;
  readonly status?: ExecutionStatus | undefined;
}

/** One page of a tenant's executions, the newest first. */
export interface ExecutionPage {
  readonly executions: readonly ExecutionEntry[];
  /** The cursor of the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** Input for a program's stdin; `close` ends it. */
export interface FeedInput {
  readonly text?: string;
  readonly close?: boolean;
}

/** Whether a runtime can be used now, and why not. */
export interface RuntimeReadiness extends ShownAvailability {
  readonly name: string;
}

/** The façade that every door uses to run programs. Another tenant's execution is `not_found`. */
export interface EnginePort {
  /**
   * Accepts an execution: selects a runtime, records the execution, and queues it.
   *
   * @throws {CodeBeakerError} `invalid_request`, `permission_denied`, `unsupported_language`, `no_suitable_runtime`,
   *   `runtime_unavailable`, `busy`; `conflict` for an idempotency key that came with another request
   */
  submit(caller: Caller, request: ExecutionRequest, options?: SubmitOptions): Promise<Submitted>;
  /**
   * Reports the state of an execution; with `waitMs`, at its end or after that time.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  report(
    caller: Caller,
    id: string,
    options?: { readonly waitMs?: number; readonly signal?: AbortSignal },
  ): Promise<ExecutionReport>;
  /**
   * Lists the tenant's executions, live ones too.
   *
   * @throws {CodeBeakerError} `invalid_request` for a malformed cursor
   */
  list(caller: Caller, query: ExecutionQuery): ExecutionPage;
  /**
   * Reads the events of an execution, which is live or kept; undefined when the reader has its end already. A reader
   * neither delays nor ends the program.
   *
   * @throws {CodeBeakerError} `not_found`; `invalid_request` for a position that it has not reached
   */
  follow(caller: Caller, id: string, options: FollowOptions): AsyncIterable<ExecutionEvent> | undefined;
  /**
   * Asks an execution to end as `cancelled`; does nothing to one that has ended.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  cancel(caller: Caller, id: string): void;
  /**
   * Writes to the stdin of an interactive execution. Inputs wait, in order, until the program reads; aborting `signal`
   * takes a waiting input back.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when stdin is not open for input
   * @throws the reason of `signal` when it aborts first
   */
  feed(caller: Caller, id: string, input: FeedInput, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Selects as {@link submit} would; runs nothing. What a program needs is only known where the request has one. A patient
   * caller waits up to a minute for self-tests, and not 2 s.
   */
  select(
    caller: Caller,
    request: SelectionRequest | ExecutionRequest,
    options?: { readonly isPatient?: boolean },
  ): Promise<Selection>;
  describeRuntimes(): Promise<RuntimeDescription[]>;
  /** Describes every language that some runtime speaks. */
  describeLanguages(): Promise<LanguageDescription[]>;
  /** Asks every runtime whether it can be used now; does not wait for slow answers once one runtime can. */
  readiness(): Promise<RuntimeReadiness[]>;
  /** Diagnoses the runtimes and the machine; waits for self-tests that run. */
  diagnose(): Promise<ServiceDiagnosis>;
  /** Whether it accepts requests. */
  readonly isOpen: boolean;
}

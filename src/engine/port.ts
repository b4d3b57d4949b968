import type { ServiceDiagnosis } from "../core/diagnosis.ts";
import type { Failure } from "../core/errors.ts";
import type { Execution, OutputChunk } from "../core/execution.ts";
import type { Principal } from "../core/principal.ts";
import type { ExecutionRequest, SelectionRequest } from "../core/requests/execution_request.ts";
import type { Selection } from "../core/selection.ts";
import type { RuntimeDescription } from "../runtimes/selection/description.ts";

/** Who asks, and under which request id a door knows it. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId?: string;
}

/** What is told when a program may begin. */
export interface ExecutionStart {
  readonly id: string;
  readonly runtime: string;
  readonly selection: Selection;
}

/** What a caller adds to a request to run something. */
export interface SubmitOptions {
  /**
   * Aborting ends the program, unless others submitted it too under its key and wait for it, or asked for it without a
   * signal; its outcome is then `cancelled`.
   */
  readonly signal?: AbortSignal | undefined;
  /** Takes the place of the request's `stdin`. */
  readonly stdin?: ReadableStream<Uint8Array> | undefined;
  /** Whether stdin stays open for {@link EnginePort.feed} where the request does not name its stdin. */
  readonly isInteractive?: boolean;
  /** Whether it waits in line as long as it takes, and not only a moment before it is told `busy`. */
  readonly isPatient?: boolean;
  /**
   * A second submit of the tenant under the same key gets the first execution, unless that failed as `busy` or
   * `runtime_unavailable` before it began. At most 255 characters.
   */
  readonly idempotencyKey?: string | undefined;
  onStart?(start: ExecutionStart): void;
  /** Sees what the program prints, as it comes; the program waits until it returns, unless it was told to end. */
  onOutput?(chunk: OutputChunk): Promise<void> | void;
}

/**
 * An execution that was taken in: from now on it can be asked for by its id. One of which nobody is told before its end
 * (neither `onStart`, `isPatient` nor a key) is not known when the service was lost meanwhile, or could not run it.
 */
export interface Submitted {
  readonly id: string;
  /** Settles at its end; rejects with a {@link CodeBeakerError} when the service, and not the program, failed. */
  readonly ended: Promise<Execution>;
  /** How it stands, where it was submitted before; absent, it was not. */
  readonly status?: ExecutionReport["status"];
}

/** An execution as its owner sees it at some moment. */
export type ExecutionReport =
  | {
    readonly status: "queued" | "running";
    readonly id: string;
    readonly language: string;
    readonly sessionId?: string;
    readonly createdAt: string;
    /** What it has printed so far, head and tail. */
    readonly stdout: string;
    readonly stderr: string;
  }
  | { readonly status: "ended"; readonly execution: Execution }
  | { readonly status: "failed"; readonly id: string; readonly error: Failure };

/** What goes to a program's stdin: text, then its end where that is wanted. */
export interface FeedInput {
  readonly text?: string;
  readonly close?: boolean;
}

/** Whether a runtime can be used now, and why not. */
export interface RuntimeReadiness {
  readonly name: string;
  readonly available: boolean;
  readonly reason?: string;
}

/** The façade that every door uses for programs. Another tenant's execution is `not_found`. */
export interface EnginePort {
  /**
   * Takes an execution in: selects, records, and queues it.
   *
   * @throws {CodeBeakerError} `invalid_request`, `permission_denied`, `unsupported_language`, `no_suitable_runtime`,
   *   `runtime_unavailable`, `busy`; `conflict` for an idempotency key that came with another request
   */
  submit(caller: Caller, request: ExecutionRequest, options?: SubmitOptions): Promise<Submitted>;
  /**
   * How an execution stands; with `waitMs`, at its end or when that time is over.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  report(
    caller: Caller,
    id: string,
    options?: { readonly waitMs?: number; readonly signal?: AbortSignal },
  ): Promise<ExecutionReport>;
  /**
   * Asks an execution to end as `cancelled`; one that has ended stays as it is.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  cancel(caller: Caller, id: string): void;
  /**
   * Writes to the stdin of a running interactive execution, and closes it with `close`. What a program does not read
   * waits, in order; aborting `signal` takes what has not had its turn back.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when it takes no input (any more)
   * @throws the reason of `signal` when it is aborted first
   */
  feed(caller: Caller, id: string, input: FeedInput, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** What {@link submit} would choose; nothing is run. */
  select(caller: Caller, request: SelectionRequest): Promise<Selection>;
  describeRuntimes(): Promise<RuntimeDescription[]>;
  /** Which runtimes can be used now. As soon as one can, those that still prove themselves are not waited for. */
  readiness(): Promise<RuntimeReadiness[]>;
  /**
   * What stands around the programs of each runtime, and what the service rests on; it waits for self-tests that run.
   */
  diagnose(): Promise<ServiceDiagnosis>;
  /** Whether it takes anything in, which it does until the service ends. */
  readonly isOpen: boolean;
}

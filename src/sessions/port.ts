import type { CellRequest, ContextInfo } from "../core/requests/cell_request.ts";
import type { Limits } from "../core/limits.ts";
import type { SessionExecutionRequest, SessionInfo, SessionRequest, SessionState } from "../core/session.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";

/** What became of a command. A caller's or the service's fault is thrown, and no result. */
export interface CommandResult {
  /** Whether what was asked was done: for a program, that it exited with 0. */
  readonly success: boolean;
  /** As the command's row in the wire contract says; an execution, for one that runs a program. */
  readonly result: unknown;
}

/** A part of a tenant's sessions, the newest first. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  /** Present when there are more: what to ask with for the next part. */
  readonly nextCursor?: string;
}

/** The contexts of one session, each a stateful interpreter. One that is not there is `not_found`. */
export interface ContextsPort {
  /**
   * Starts an interpreter for a language, or that of the session; returns when it evaluates.
   *
   * @throws {CodeBeakerError} `unsupported_language`, `busy`, `runtime_unavailable`
   */
  create(language: string | undefined, options?: { readonly signal?: AbortSignal }): Promise<ContextInfo>;
  /** A cell: it waits for its turn in the session. @throws {CodeBeakerError} `conflict` when the context is lost */
  submit(id: string, request: CellRequest, options?: SubmitOptions): Promise<Submitted>;
  /** Interrupts the cell that is under way; false when there is none. */
  interrupt(id: string): boolean;
  /** Ends it, with what it does. */
  close(id: string): Promise<void>;
}

/** Everything that doors do with sessions. Another tenant's session is `not_found`; one that is over is `conflict`. */
export interface SessionsPort {
  /** @throws {CodeBeakerError} what a selection throws; `busy` when the tenant or the service has too many */
  create(caller: Caller, request: SessionRequest, options?: { readonly signal?: AbortSignal }): Promise<SessionInfo>;
  show(caller: Caller, id: string): SessionInfo;
  /** Those that are not closed, or those in one state. @throws {CodeBeakerError} `invalid_request` for a cursor that is none */
  list(
    caller: Caller,
    options: {
      readonly limit: number;
      readonly cursor?: string | undefined;
      readonly state?: SessionState | undefined;
    },
  ): SessionPage;
  /** Ends everything that the session started and removes its workspace; returns when that is done. */
  close(caller: Caller, id: string): Promise<void>;
  /** One program at a time: others wait in order. @throws {CodeBeakerError} `busy` when too many wait */
  submit(caller: Caller, id: string, request: SessionExecutionRequest, options?: SubmitOptions): Promise<Submitted>;
  /** Its contexts. */
  contexts(caller: Caller, id: string): ContextsPort;
  /** Does what a command object asks (`COMMANDS`). */
  command(caller: Caller, id: string, command: unknown, options?: SubmitOptions): Promise<CommandResult>;
  /** The session's files; using them counts as activity. */
  files(caller: Caller, id: string): WorkspaceFiles;
  /** A turn to change a file, by its path, in the order in which they were asked for; its owner disposes of it. */
  lockFile(caller: Caller, id: string, path: string): Promise<Disposable>;
  /** What a program in it may use, and what its workspace may hold. */
  limits(caller: Caller, id: string): Limits;
}

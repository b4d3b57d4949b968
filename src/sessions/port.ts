import type { Answer } from "../core/answers/answer.ts";
import type { sessionPageSchema } from "../core/answers/session.ts";
import type { CellRequest, ContextInfo } from "../core/requests/cell_request.ts";
import type { Limits, RequestedLimits } from "../core/limits.ts";
import type { PermissionSettings } from "../core/permissions/permissions.ts";
import type { SessionChanges, SessionExecutionRequest, SessionRequest } from "../core/requests/session_request.ts";
import type { PageRequest } from "../core/page.ts";
import type { SessionInfo, SessionState } from "../core/session.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";

/** How a command runs. */
export interface CommandOptions extends SubmitOptions {
  /** Limits of its program, at or below the session's. */
  readonly limits?: RequestedLimits;
}

/** The result of a command. An error of the caller or of the service is thrown instead. */
export interface CommandResult {
  /** Whether the command did its work. For a program, whether it exited with 0. */
  readonly success: boolean;
  /** The command's result, as the wire contract defines it. It is an execution for a command that runs a program. */
  readonly result: unknown;
}

/** One page of a tenant's sessions, the newest first. */
export type SessionPage = Answer<typeof sessionPageSchema>;

/** The contexts of one session, each a stateful interpreter. An unknown context is `not_found`. */
export interface ContextsPort {
  /**
   * Starts an interpreter for a language (default: the session's). Returns when it can evaluate.
   *
   * @throws {CodeBeakerError} `unsupported_language`, `busy`, `runtime_unavailable`
   */
  create(language: string | undefined, options?: { readonly signal?: AbortSignal }): Promise<ContextInfo>;
  /**
   * Finds the id of the default context of a language (default: the session's). The first use creates it, and so does
   * the next after it was lost.
   *
   * @throws {CodeBeakerError} as {@link create} does
   */
  findDefault(language: string | undefined): Promise<string>;
  /**
   * Submits a cell, which waits for the session's program slot.
   *
   * @throws {CodeBeakerError} `conflict` when the context is lost
   */
  submit(id: string, request: CellRequest, options?: SubmitOptions): Promise<Submitted>;
  /** Lists the contexts that are not lost, the oldest first. */
  list(): readonly ContextInfo[];
  /** Interrupts the running cell; false when none runs. */
  interrupt(id: string): boolean;
  /** Ends a context and its running cell. */
  close(id: string): Promise<void>;
}

/** The sessions as doors use them. Another tenant's session is `not_found`; a closed one is `conflict`. */
export interface SessionsPort {
  /**
   * @throws {CodeBeakerError} the errors of a selection; `busy` when the tenant or the service has too many sessions
   */
  create(caller: Caller, request: SessionRequest, options?: { readonly signal?: AbortSignal }): Promise<SessionInfo>;
  show(caller: Caller, id: string): SessionInfo;
  /**
   * Lists the sessions in a state. Without a state, it lists those that are not closed.
   *
   * @throws {CodeBeakerError} `invalid_request` for a malformed cursor
   */
  list(
    caller: Caller,
    options: PageRequest & { readonly state?: SessionState | undefined },
  ): SessionPage;
  /**
   * Changes the timeouts and the metadata of an open session, which is activity. New metadata replaces all of the old.
   * A session that is older than a new lifetime is closed soon.
   */
  change(caller: Caller, id: string, changes: SessionChanges): SessionInfo;
  /** Ends the session's programs and removes its workspace. Returns when that is done. */
  close(caller: Caller, id: string): Promise<void>;
  /** Aborted when the session begins to close, for whatever cause. That of an unknown session is aborted. */
  closing(caller: Caller, id: string): AbortSignal;
  /**
   * Submits a program. Programs of one session run one at a time.
   *
   * @throws {CodeBeakerError} `busy` when too many wait
   */
  submit(caller: Caller, id: string, request: SessionExecutionRequest, options?: SubmitOptions): Promise<Submitted>;
  contexts(caller: Caller, id: string): ContextsPort;
  /**
   * Runs a command object (see `COMMANDS`).
   *
   * @throws {CodeBeakerError} `invalid_request` for a limit above the session's
   */
  command(caller: Caller, id: string, command: unknown, options?: CommandOptions): Promise<CommandResult>;
  /**
   * Submits a command that runs a program, as {@link submit} does.
   *
   * @throws {CodeBeakerError} `invalid_request` for a command that runs none
   */
  submitCommand(caller: Caller, id: string, command: unknown, options?: CommandOptions): Promise<Submitted>;
  /** The session's files. Every use counts as activity. */
  files(caller: Caller, id: string): WorkspaceFiles;
  /** Waits for the lock on a file, in the order of the calls. The caller disposes of it. */
  lockFile(caller: Caller, id: string, path: string): Promise<Disposable>;
  /** The limits of a program in the session, and of its workspace. */
  limits(caller: Caller, id: string): Limits;
  /** What programs in the session may reach. */
  permissions(caller: Caller, id: string): PermissionSettings;
}

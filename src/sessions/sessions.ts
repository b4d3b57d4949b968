import { findCommand, type FoundCommand, TextWorkerPool } from "../commands/mod.ts";
import { invalidField } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { PermissionSettings } from "../core/permissions/permissions.ts";
import { leavesNetwork } from "../core/permissions/narrow_permissions.ts";
import type { CloseReason, SessionInfo } from "../core/session.ts";
import type { SessionChanges, SessionExecutionRequest, SessionRequest } from "../core/requests/session_request.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import type { CommandOptions, CommandResult, ContextsPort, SessionPage, SessionsPort } from "./port.ts";
import type { RecoveredSessionsOptions } from "./recovered_sessions.ts";
import { SessionContexts } from "./session_contexts.ts";
import { SessionFiles } from "./session_files.ts";
import { programOfCommand, programOfRequest } from "./session_program.ts";
import { SessionRegistry, type SessionRegistryOptions } from "./session_registry.ts";
import { SessionRunner } from "./session_runner.ts";

/** The parts of the sessions of a service. */
export interface SessionsOptions extends SessionRegistryOptions {
  /** Whether the operator allows the installation of packages. */
  readonly allowInstall: boolean;
}

/** Every session of the service, as doors use them. */
export class Sessions implements SessionsPort, AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #registry: SessionRegistry;
  readonly #runner: SessionRunner;
  readonly #texts = new TextWorkerPool();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#registry = new SessionRegistry(options);
    this.#runner = new SessionRunner({
      ...options,
      onRecorded: (session) => this.#registry.recordOpen(session),
      onEnded: (session) => this.#registry.closeSoon(session, "environment_ended"),
    });
  }

  /** How many sessions are not closed. */
  get count(): number {
    return this.#registry.sessions.length;
  }

  /** How many contexts the sessions have. */
  get contextCount(): number {
    return this.#registry.sessions.reduce((sum, { contexts }) => sum + contexts.count, 0);
  }

  create(
    caller: Caller,
    request: SessionRequest,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<SessionInfo> {
    return this.#registry.create(caller, request, options);
  }

  show(caller: Caller, id: string): SessionInfo {
    return this.#registry.show(caller, id);
  }

  list(caller: Caller, options: Parameters<SessionsPort["list"]>[1]): SessionPage {
    return this.#registry.list(caller, options);
  }

  change(caller: Caller, id: string, changes: SessionChanges): SessionInfo {
    return this.#registry.change(caller, id, changes);
  }

  async close(caller: Caller, id: string): Promise<void> {
    const session = this.#registry.find(caller, id);
    if (session === undefined) this.#registry.show(caller, id); // Throws when there is none.
    else await this.#registry.close(session, "closed_by_owner");
  }

  closing(caller: Caller, id: string): AbortSignal {
    return this.#registry.find(caller, id)?.closing ?? AbortSignal.abort();
  }

  submit(
    caller: Caller,
    id: string,
    request: SessionExecutionRequest,
    options: SubmitOptions = {},
  ): Promise<Submitted> {
    return Promise.try(() => {
      const repeated = this.#runner.findRepeated(caller, { session: id, request }, options);
      if (repeated !== undefined) return repeated;
      const session = this.#registry.get(caller, id);
      return this.#runner.start(caller, session, { program: programOfRequest(session, request), options });
    });
  }

  contexts(caller: Caller, id: string): ContextsPort {
    const { admission, clock } = this.#options;
    const open = () => this.#registry.get(caller, id);
    const mayInstall = this.#mayInstall(caller);
    return new SessionContexts(id, { open, caller, admission, clock, mayInstall, runner: this.#runner });
  }

  async command(caller: Caller, id: string, value: unknown, options: CommandOptions = {}): Promise<CommandResult> {
    const command = findCommand(value);
    if (command.runsProgram) {
      const execution = await this.#submitProgram(caller, id, { command, value, options }).ended;
      return { success: execution.exitCode === 0, result: execution };
    }
    const session = this.#registry.get(caller, id);
    using _use = session.use();
    const limits = session.lowerLimits({});
    const context = { limits, signal: options.signal, memory: options.memory, texts: this.#texts };
    const act = () => session.attempt((environment) => command.run(environment, context));
    const result = await this.#runner.inEnvironment(session, act);
    return { success: command.succeeded(result), result };
  }

  submitCommand(caller: Caller, id: string, value: unknown, options: CommandOptions = {}): Promise<Submitted> {
    return Promise.try(() => {
      const command = findCommand(value);
      if (!command.runsProgram) throw invalidField("type", "This command runs no program");
      return this.#submitProgram(caller, id, { command, value, options });
    });
  }

  files(caller: Caller, id: string): WorkspaceFiles {
    return new SessionFiles(this.#registry.get(caller, id));
  }

  lockFile(caller: Caller, id: string, path: string): Promise<Disposable> {
    return Promise.try(() => this.#registry.get(caller, id).fileLocks.acquire(path));
  }

  limits(caller: Caller, id: string): Limits {
    return this.#registry.get(caller, id).lowerLimits({});
  }

  permissions(caller: Caller, id: string): PermissionSettings {
    return this.#registry.get(caller, id).request.permissions;
  }

  /** Recovers the sessions of an earlier process. */
  recover(onDecided: RecoveredSessionsOptions["onDecided"]): Promise<void> {
    return this.#registry.recover(onDecided);
  }

  /** Begins to close every session of these tenants. */
  closeTenants(tenants: ReadonlySet<string>, reason: CloseReason): void {
    this.#registry.closeTenants(tenants, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#registry[Symbol.asyncDispose]();
  }

  #mayInstall({ principal }: Caller): boolean {
    const { allowInstall, dispatcher } = this.#options;
    return allowInstall && leavesNetwork(dispatcher.boundsOf(principal));
  }

  #submitProgram(
    caller: Caller,
    id: string,
    { command, value, options }: {
      readonly command: Extract<FoundCommand, { runsProgram: true }>;
      readonly value: unknown;
      readonly options: CommandOptions;
    },
  ): Submitted {
    const repeated = this.#runner.findRepeated(caller, { session: id, command: command.request }, options);
    if (repeated !== undefined) return repeated;
    const session = this.#registry.get(caller, id);
    const mayInstall = this.#mayInstall(caller);
    const program = programOfCommand(session, { command, value, mayInstall, limits: options.limits });
    return this.#runner.start(caller, session, { program, options });
  }
}

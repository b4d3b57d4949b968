import { findCommand, type FoundCommand, runFile, type RunProgramOptions } from "../commands/mod.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { CellRequest } from "../core/requests/cell_request.ts";
import type { RequestedLimits } from "../core/limits.ts";
import type { ProgramResult } from "../core/execution.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import { sourceOf } from "../core/requests/execution_request.ts";
import type { SessionExecutionRequest } from "../core/requests/session_request.ts";
import type { Submission } from "../engine/executions.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import type { Context, RunCellOptions } from "../contexts/context.ts";
import { prepareProgram } from "./prepare_program.ts";
import type { Session } from "./session.ts";

/** A program for a session: its facts, and how to run it. */
export interface SessionProgram
  extends Pick<Submission, "source" | "preview" | "hasStdin" | "fingerprint" | "limits" | "explain"> {
  /** Default: the session's language. */
  readonly language?: string;
  /** Memory in MB to reserve. Default: the memory limit. */
  readonly memoryMb?: number;
  /** Whether it runs tests. Default: no. */
  readonly isTested?: boolean;
  /** Whether the program starts warm. Default: the environment's value. */
  readonly isWarm?: boolean;
  run(environment: ExecutionEnvironment, options: RunProgramOptions): Promise<ProgramResult>;
}

/**
 * Makes the program of a request.
 *
 * @throws {CodeBeakerError} `invalid_request` for a limit above the session's
 */
export function programOfRequest(session: Session, request: SessionExecutionRequest): SessionProgram {
  const stdin = request.stdin === undefined ? {} : { stdin: request.stdin };
  return {
    limits: session.lowerLimits(request.limits),
    explain: request.explain,
    isTested: request.tests !== undefined,
    source: sourceOf(request),
    hasStdin: request.stdin !== undefined || request.tests !== undefined,
    fingerprint: () => fingerprintOf({ session: session.id, request }),
    async run(environment, options) {
      const path = await prepareProgram(environment, request);
      const paths = [path, ...request.files.map((file) => file.path).filter((other) => other !== path)];
      return await runFile(environment, { request, path, paths }, {
        ...options,
        env: request.env,
        outputs: request.outputs,
        ...stdin,
      });
    },
  };
}

/** A cell, and what it needs to install packages. */
interface CellOfSession {
  readonly context: Context;
  readonly request: CellRequest;
  readonly mayInstall: boolean;
  /** Reserves memory for an installer, which runs beside the context. */
  reserveMemory(signal: AbortSignal | undefined): Promise<Disposable>;
}

/**
 * Makes the program of a cell, whose context has reserved its memory.
 *
 * @throws {CodeBeakerError} `invalid_request` for a limit above the session's, and for stdin that no cell reads
 */
export function programOfCell(session: Session, cell: CellOfSession): SessionProgram {
  const { context, request } = cell;
  context.checkStdin(request.stdin);
  return {
    limits: session.lowerLimits(request.limits),
    explain: request.explain,
    source: { code: request.code },
    hasStdin: true,
    fingerprint: () => fingerprintOf({ session: session.id, context: context.info.id, request }),
    language: context.info.language,
    memoryMb: 0,
    isWarm: true,
    run: (environment, options) =>
      context.run(request, { ...options, install: installerOf(session, { ...cell, environment, options }) }),
  };
}

/** Makes the function by which a cell installs packages, as `install_packages` of the session does. */
function installerOf(
  session: Session,
  { environment, mayInstall, options, reserveMemory }: CellOfSession & {
    readonly environment: ExecutionEnvironment;
    readonly options: RunProgramOptions;
  },
): NonNullable<RunCellOptions["install"]> {
  return async (packages, { onOutput, signal }) => {
    const command = findCommand({ type: "install_packages", packages });
    if (!command.runsProgram) throw new CodeBeakerError("internal", "install_packages runs no program");
    using _memory = await reserveMemory(signal);
    const { exitCode, outcome } = await command.run(environment, {
      limits: session.lowerLimits({}),
      maxTimeoutMs: session.maxTimeoutMs,
      permissionBounds: options.permissionBounds,
      mayInstall,
      onOutput,
      signal,
    });
    if (exitCode !== null) return exitCode;
    throw new CodeBeakerError("conflict", `The installation did not end by itself: ${JSON.stringify(outcome)}`);
  };
}

/**
 * Makes the program of a command object.
 *
 * @throws {CodeBeakerError} `invalid_request` for a limit above the session's
 */
export function programOfCommand(
  session: Session,
  { command, limits = {}, value, mayInstall }: {
    readonly command: Extract<FoundCommand, { runsProgram: true }>;
    readonly value: unknown;
    readonly mayInstall: boolean;
    readonly limits?: RequestedLimits | undefined;
  },
): SessionProgram {
  return {
    limits: session.lowerLimits(limits),
    explain: command.explain,
    source: { code: JSON.stringify(value) },
    preview: describeCommand(value),
    hasStdin: !command.isFed,
    fingerprint: () => fingerprintOf({ session: session.id, command: command.request }),
    run: (environment, options) =>
      command.run(environment, { ...options, maxTimeoutMs: session.maxTimeoutMs, mayInstall }),
  };
}

/** A command as listings show it: its line, code or packages. */
function describeCommand(value: unknown): string {
  const { args, code, command, commandName, packages } = value as Readonly<Record<string, unknown>>;
  const words = [command ?? commandName ?? code ?? "install", args ?? [], packages ?? []].flat();
  return words.map(String).join(" ");
}

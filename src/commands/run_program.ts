import { abortable } from "@std/async/abortable";
import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import type { Outcome, OutputChunk, OutputStream, ProgramResult, Usage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { PermissionBounds } from "../core/permissions/permissions.ts";
import { NO_DENIALS } from "../core/denials/denial_report.ts";
import { explainDenials } from "../core/denials/explain_denials.ts";
import type { ExecutionEnvironment, Program, ProgramHandle } from "../runtimes/port.ts";

/** What holds for one program. */
export interface RunProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | ReadableStream<Uint8Array>;
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  /** Is called when the program may begin. */
  onStart?(): void;
  /** The program waits until it returns, unless it was told to end: then whoever takes what is left holds nobody up. */
  onOutput?(chunk: OutputChunk): Promise<void> | void;
  /** What keeps what it prints; absent, it is kept within the limits. */
  readonly kept?: Readonly<Record<OutputStream, BoundedOutput>>;
  /** When the environment was asked for, on `performance.now`'s clock; now, when it stood ready. */
  readonly askedAt?: number;
  /** What bounds the permissions that could be asked for; absent, nothing does. */
  readonly permissionBounds?: PermissionBounds | undefined;
}

/** Runs a program to its end: feeds it, keeps what it prints within the limits, and tells how it ended. */
export async function runProgram(
  environment: ExecutionEnvironment,
  program: Program,
  options: RunProgramOptions,
): Promise<ProgramResult> {
  const askedAt = options.askedAt ?? performance.now();
  const handle = await environment.run(program, {
    env: options.env ?? {},
    limits: options.limits,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const beganAt = performance.now();
  options.onStart?.();
  const kept = options.kept ?? {
    stdout: new BoundedOutput(options.limits.maxOutputBytes),
    stderr: new BoundedOutput(options.limits.maxOutputBytes),
  };
  const ended = handle.outcome.then((outcome) => ({ outcome, wallMs: performance.now() - beganAt }));
  const feeding = feed(handle.stdin, options.stdin ?? "");
  for await (const chunk of handle.output) {
    kept[chunk.stream].push(chunk.bytes);
    await unlessAborted(options.signal, options.onOutput?.(chunk));
  }
  const { outcome, wallMs } = await ended;
  feeding.abort();
  return {
    ...describeEnd(handle, {
      outcome,
      kept,
      usage: { wallMs, startupMs: beganAt - askedAt, ...handle.usage() },
      permissionBounds: options.permissionBounds,
    }),
    ...(handle.compile === undefined ? {} : { compile: handle.compile }),
  };
}

/** What is known of an end beside what the program's handle tells. */
export interface ProgramEnd extends Pick<RunProgramOptions, "permissionBounds"> {
  readonly outcome: Outcome;
  readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  readonly usage: Usage;
}

/** How a program ended, and what it printed, used, and was refused. */
export function describeEnd(
  handle: Pick<ProgramHandle, "denials">,
  { kept, outcome, permissionBounds, usage }: ProgramEnd,
): ProgramResult {
  const [stdout, stderr] = [kept.stdout.read(), kept.stderr.read()];
  return {
    outcome,
    exitCode: outcome.kind === "exited" ? outcome.exitCode : null,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: { stdout: stdout.truncatedBytes, stderr: stderr.truncatedBytes },
    usage: { ...usage, wallMs: round(usage.wallMs), startupMs: round(usage.startupMs) },
    ...explainDenials(handle.denials?.() ?? NO_DENIALS, { bounds: permissionBounds }),
  };
}

/** Returns when the work is done, or a signal is aborted. */
export async function unlessAborted(signal: AbortSignal | undefined, work: Promise<void> | void): Promise<void> {
  if (signal === undefined || work === undefined) return await work;
  await abortable(work, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/**
 * Writes a program's stdin beside everything else, until the returned is aborted. A program that does not read it, has
 * ended, or has left its stdin to somebody else who does not read it, holds nobody up.
 */
function feed(stdin: ProgramHandle["stdin"], input: string | ReadableStream<Uint8Array>): AbortController {
  const feeding = new AbortController();
  // What has no input is closed at once: a pipe for nothing costs a program 5 %.
  const fed = input === "" ? stdin.close() : streamOf(input).pipeTo(stdin, { signal: feeding.signal });
  fed.catch(() => {}); // The program closed its stdin, or is gone.
  return feeding;
}

function streamOf(input: string | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return typeof input === "string" ? ReadableStream.from([new TextEncoder().encode(input)]) : input;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

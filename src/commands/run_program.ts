import { abortable } from "@std/async/abortable";
import { BoundedOutput, type KeptText } from "../core/bytes/bounded_output.ts";
import type { MimeBundle } from "../core/cell.ts";
import type { Outcome, OutputChunk, OutputStream, ProgramResult, Usage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { PermissionBounds } from "../core/permissions/permissions.ts";
import { invalidField } from "../core/errors.ts";
import { NO_DENIALS } from "../core/denials/denial_report.ts";
import { explainDenials } from "../core/denials/explain_denials.ts";
import { noteMissingModules } from "../core/missing_module.ts";
import type { ExecutionEnvironment, Program, ProgramHandle } from "../runtimes/port.ts";
import type { AnswerMemory } from "./answer_memory.ts";
import { collectOutputs } from "./collect_outputs.ts";

/** Asks the client of a cell for a line. One that `isSecret` is not shown. */
export type OnInput = (
  question: { readonly prompt: string; readonly isSecret: boolean },
  options: { readonly signal: AbortSignal },
) => Promise<string | undefined>;

/** The settings of one program. */
export interface RunProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | ReadableStream<Uint8Array> | undefined;
  readonly limits: Limits;
  /** Longest time of a compiler in ms, where it is less than its own. */
  readonly compileMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when the program may begin, or its compiler has failed. */
  onStart?(facts: Pick<ProgramHandle, "compile">): void;
  /** Receives the output. The program waits until this returns, unless `signal` has aborted. */
  readonly onOutput?: ((chunk: OutputChunk) => Promise<void> | void) | undefined;
  /** Receives the displays of a cell. The cell waits until this returns, unless `signal` has aborted. */
  onDisplay?(data: MimeBundle): Promise<void> | void;
  /** Asks the client for a line that a cell reads; undefined where it gives none. Default: the cell's stdin alone. */
  readonly onInput?: OnInput | undefined;
  /** Keeps the output. Default: buffers within the limits. */
  readonly kept?: Readonly<Record<OutputStream, BoundedOutput>>;
  /** When the environment was requested, by `performance.now()`. Default: now, for an existing environment. */
  readonly askedAt?: number;
  /** Globs of the files to return when the program has ended. Default: none. */
  readonly outputs?: readonly string[];
  /** Memory for the returned files. Default: not counted. */
  readonly memory?: AnswerMemory | undefined;
  /** Bounds of the permissions that a denial's remedy may ask for. Default: none. */
  readonly permissionBounds?: PermissionBounds | undefined;
}

/** Runs a program to its end. It feeds the stdin, keeps the output, describes the end, and collects the files. */
export async function runProgram(
  environment: ExecutionEnvironment,
  program: Program,
  options: RunProgramOptions,
): Promise<ProgramResult> {
  const askedAt = options.askedAt ?? performance.now();
  checkCompileArgs(environment, program);
  const handle = await environment.run(program, {
    env: options.env ?? {},
    ...(typeof options.stdin === "string" && options.stdin !== "" ? { hasStdin: true } : {}),
    limits: options.limits,
    compileMs: options.compileMs,
    signal: options.signal,
  });
  const beganAt = performance.now();
  options.onStart?.(handle);
  const kept = options.kept ?? {
    stdout: new BoundedOutput(options.limits.maxOutputBytes),
    stderr: new BoundedOutput(options.limits.maxOutputBytes),
  };
  const ended = handle.outcome.then((outcome) => ({ outcome, wallMs: performance.now() - beganAt }));
  const feeding = feed(handle, options.stdin ?? "");
  const reader = handle.output.getReader(); // A loop over a stream releases its reader, which makes an error each time.
  try {
    for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
      kept[value.stream].push(value.bytes);
      const passedOn = options.onOutput?.(value);
      if (passedOn !== undefined) await unlessAborted(options.signal, passedOn);
    }
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
  const { outcome, wallMs } = await ended;
  feeding?.abort();
  return {
    ...describeEnd(handle, {
      outcome,
      kept,
      usage: { wallMs, startupMs: beganAt - askedAt, ...handle.usage() },
      permissionBounds: options.permissionBounds,
      noPackages: environment.noPackages,
    }),
    ...(handle.compile === undefined ? {} : { compile: handle.compile }),
    ...await collectOutputs(environment.files, options.outputs ?? [], { memory: options.memory }),
  };
}

/** @throws {CodeBeakerError} `invalid_request` for words to a compiler where none is */
function checkCompileArgs({ compiles = false, language }: ExecutionEnvironment, program: Program): void {
  if (compiles || program.kind !== "file" || program.compileArgs === undefined) return;
  throw invalidField("compileArgs", `Leave compileArgs out: ${language} is not compiled here`);
}

/** The facts of a program's end that its handle does not know. */
export interface ProgramEnd extends Pick<RunProgramOptions, "permissionBounds"> {
  readonly outcome: Outcome;
  readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  readonly usage: Usage;
  /** Why no packages can be installed in the environment. Default: they can. */
  readonly noPackages?: string | undefined;
}

/** Combines the result of a program: outcome, output, usage and denials. */
export function describeEnd(
  handle: Pick<ProgramHandle, "denials">,
  { kept, noPackages, outcome, permissionBounds, usage }: ProgramEnd,
): ProgramResult {
  const [stdout, stderr] = [kept.stdout.read(), kept.stderr.read()];
  return {
    outcome,
    exitCode: "exitCode" in outcome ? outcome.exitCode : null,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: { stdout: stdout.truncatedBytes, stderr: stderr.truncatedBytes },
    ...truncatedAt({ stdout, stderr }),
    usage: {
      ...usage,
      wallMs: round(usage.wallMs),
      startupMs: round(usage.startupMs),
      cpuMs: usage.cpuMs === null ? null : round(usage.cpuMs),
    },
    ...explainDenials(handle.denials?.() ?? NO_DENIALS, { bounds: permissionBounds }),
    ...(outcome.kind === "exited" && outcome.exitCode !== 0 ? noteMissingModules(stderr.text, { noPackages }) : {}),
  };
}

function truncatedAt(kept: Readonly<Record<OutputStream, KeptText>>): Pick<ProgramResult, "truncatedAt"> {
  const { stdout: { truncatedAt: stdout }, stderr: { truncatedAt: stderr } } = kept;
  if (stdout === undefined && stderr === undefined) return {};
  const truncatedAt = {
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
  };
  return { truncatedAt };
}

/** Waits for work until a signal aborts. */
export async function unlessAborted(signal: AbortSignal | undefined, work: Promise<void> | void): Promise<void> {
  if (signal === undefined || work === undefined) return await work;
  await abortable(work, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/**
 * Writes a program's stdin in the background, until the result is aborted. Undefined without input. A program that does
 * not read its stdin delays nothing.
 */
function feed(
  handle: Pick<ProgramHandle, "stdin" | "readsStdin">,
  input: string | ReadableStream<Uint8Array>,
): AbortController | undefined {
  if (input === "" && handle.readsStdin === false) return undefined;
  const { stdin } = handle;
  // Without input, stdin is closed at once: an idle pipe slows a program by 5 %.
  const feeding = input === "" ? undefined : new AbortController();
  const fed = feeding === undefined ? stdin.close() : streamOf(input).pipeTo(stdin, { signal: feeding.signal });
  fed.catch(() => {}); // The program closed its stdin, or has ended.
  return feeding;
}

function streamOf(input: string | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return typeof input === "string" ? ReadableStream.from([new TextEncoder().encode(input)]) : input;
}

/** Rounds to whole microseconds. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

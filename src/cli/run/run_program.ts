import { type CommandEngine, composeCommand } from "../../compose/mod.ts";
import type { Config } from "../../config.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Outcome } from "../../core/execution.ts";
import { readHosts } from "../../core/parsing/written_values.ts";
import { LOCAL_USER } from "../../core/principal.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../core/requests/execution_request.ts";
import type { CommandContext } from "../context.ts";
import { exitCodeOf, exitCodeOfSignal } from "../exit_code.ts";
import { type Interrupt, interruptible, settledUnlessInterrupted } from "../interruptible.ts";
import { cannotWrite, isUnread, writeAll } from "../output.ts";
import { ProgressLine } from "../progress_line.ts";
import { type GivenProgram, readProgram } from "./program_source.ts";
import { describeSelection, showEnd } from "./run_texts.ts";
import { runAtChanges } from "./watch_file.ts";

/** The user of this command line. */
const CALLER = { principal: LOCAL_USER };

/** The flags about a program's run, and about showing its end. */
export interface RequestFlags {
  readonly language?: string | undefined;
  readonly runtime?: string | undefined;
  readonly preference?: string | undefined;
  readonly minIsolation?: number | undefined;
  readonly allowNet?: string | undefined;
  readonly timeout?: number | undefined;
  readonly explain?: true | undefined;
  readonly json?: true | undefined;
}

/** A program of the command line. */
export interface ProgramRun extends GivenProgram {
  readonly flags: RequestFlags;
  readonly loadConfig: () => Promise<Config>;
}

/** An engine, and the streams and flags of its program. */
interface Attachment {
  readonly service: CommandEngine;
  readonly interrupt: Interrupt;
  readonly flags: RequestFlags;
  readonly context: CommandContext;
  readonly stdin?: ReadableStream<Uint8Array>;
}

/** Runs a program. Returns the exit code that a shell would report. */
export async function runOnce(given: ProgramRun, context: CommandContext): Promise<number> {
  const { flags, source } = given;
  using interrupt = interruptible();
  const { signal } = interrupt;
  const request = await readRequest(given, context);
  await using progress = new ProgressLine(context.stderr, interrupt);
  await using service = await composeCommand(await given.loadConfig(), { progress });
  const stdin = source.kind === "stdin" ? {} : { stdin: context.stdin() };
  const outcome = await runProgram(request, signal, { service, interrupt, flags, context, ...stdin });
  return outcome === undefined ? exitCodeOfEnd(signal) : exitCodeOf(outcome);
}

/**
 * Runs a program, and again at each change of its file, until an interrupt. Returns the exit code for the interrupt.
 */
export async function runWatched(
  given: ProgramRun & { readonly path: string },
  context: CommandContext,
): Promise<number> {
  const { flags, path } = given;
  using interrupt = interruptible();
  await readRequest(given, context); // A wrong command line fails before anything is watched.
  await using progress = new ProgressLine(context.stderr, interrupt);
  await using service = await composeCommand(await given.loadConfig(), { progress });
  await runAtChanges(path, async (signal) => {
    try {
      const request = await readRequest(given, context);
      const outcome = await runProgram(request, signal, { service, interrupt, flags, context });
      if (outcome === undefined) return;
      const ending = outcome.kind === "exited" && outcome.exitCode !== 0 ? `exit code ${outcome.exitCode}; ` : "";
      await context.printError(`codebeaker: ${ending}waiting for a change of ${path}`);
    } catch (error) {
      if (!(error instanceof CodeBeakerError)) return interrupt.abort(error);
      await context.printError(`codebeaker: ${messageOf(error)}; waiting for a change of ${path}`);
    }
  }, { signal: interrupt.signal });
  return exitCodeOfEnd(interrupt.signal);
}

async function readRequest({ source, args, flags }: ProgramRun, { stdin }: CommandContext): Promise<ExecutionRequest> {
  const { language, runtime, preference, minIsolation, allowNet, timeout, explain, json } = flags;
  return parseExecutionRequest({
    ...await readProgram(source, { language, stdin }),
    args,
    runtime,
    preference,
    minIsolation,
    timeoutMs: timeout,
    permissions: allowNet === undefined ? undefined : { allowNet: readHosts(allowNet) },
    explain: explain && json,
  });
}

/** Runs a program, and shows its end. Returns undefined when `signal` ended it. */
async function runProgram(
  request: ExecutionRequest,
  signal: AbortSignal,
  { service: { engine }, interrupt, flags, context, stdin }: Attachment,
): Promise<Outcome | undefined> {
  // Nothing else uses this engine, so its self-tests may take their time. Faults of the request are reported below.
  await settledUnlessInterrupted(engine.select(CALLER, request, { isPatient: true }), signal);
  if (signal.aborted) return undefined;
  const isStreamed = flags.json === undefined;
  if (flags.explain && isStreamed) {
    await context.printError(describeSelection(await engine.select(CALLER, request)));
  }
  try {
    const execution = await engine.execute(CALLER, request, {
      signal,
      onOutput: isStreamed
        ? ({ stream, bytes }) =>
          writeAll(context[stream], bytes).catch((error: unknown) =>
            interrupt.abort(isUnread(error) ? "SIGPIPE" : cannotWrite(error))
          )
        : undefined,
      stdin,
    });
    if (signal.aborted) return undefined;
    if (isStreamed) await showEnd(execution, context);
    else await context.print(JSON.stringify(execution, null, 2));
    return execution.outcome;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The exit code of a command that a signal ended, or a failed write. */
function exitCodeOfEnd({ reason }: AbortSignal): number {
  if (typeof reason === "string") return exitCodeOfSignal(reason);
  throw reason;
}

import { CodeBeakerError } from "../core/errors.ts";
import type { Outcome, OutputChunk, ProgramUsage } from "../core/execution.ts";
import { type Limits, MEBIBYTE } from "../core/limits.ts";
import { type ByteFilter, type Early, filtered, OutputBudget, pipeSource, readUpTo } from "./child_output.ts";
import { type ChunkSource, mergeOutput } from "./merge_output.ts";
import { ProcessWatch } from "./process_watch.ts";
import { spawnGroup, type SpawnRequest } from "./spawn.ts";
import { signalGroup, terminateGroup } from "./terminate.ts";

/** What is told of the last words of a launcher that failed. */
const MAX_SAID_BYTES = 500;

/** How a launcher tells that its program may begin. */
export interface ReadySignal {
  /** What it prints on stderr then; it is taken out of the output. */
  readonly marker: Uint8Array;
  /** How long it may take until then, in ms. */
  readonly timeoutMs: number;
}

/** A child and what bounds it. */
export interface ChildRequest extends SpawnRequest {
  readonly limits: Limits;
  /** How the launcher tells that the program may begin; absent, it may at once. */
  readonly ready?: ReadySignal;
  readonly stderrFilter: ByteFilter;
  /** What an ending means that this runtime knows better than the exit status tells; undefined when it does not. */
  explain(status: Deno.CommandStatus, usage: ProgramUsage): Outcome | undefined;
}

/** A running child. */
export interface Child {
  readonly stdin: WritableStream<Uint8Array>;
  readonly output: ReadableStream<OutputChunk>;
  readonly outcome: Promise<Outcome>;
  usage(): ProgramUsage;
  kill(signal: Deno.Signal): void;
}

/**
 * Starts a child in its own process group and returns once its program may begin. From then on the first of these is its
 * outcome: it ends by itself, its deadline, the watch on memory and CPU, too much output, or `signal`. The deadline and
 * `signal` end the group with SIGTERM and a grace period, the limits at once. Nothing of the group outlives the leader.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before the program could begin
 */
export async function runChild(
  request: ChildRequest,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Child> {
  const { limits } = request;
  const process = spawnGroup(request);
  const stderr = pipeSource("stderr", process.stderr);
  const stdout = pipeSource("stdout", process.stdout);
  const exit = Promise.withResolvers<void>();
  let cause: Outcome | undefined;
  let hasEnded = false;
  let terminating: Promise<void> | undefined;

  function end(outcome: Outcome, how: "kill" | "terminate"): void {
    if (cause !== undefined || hasEnded) return;
    cause = outcome;
    if (how === "kill") signalGroup(process.pid, "SIGKILL");
    else terminating = terminateGroup(process.pid, exit.promise);
  }

  const watch = new ProcessWatch(process.pid, (usage) => {
    const over = exceeded(usage, limits);
    if (over !== undefined) end(over, "kill");
  });
  const cancel = () => end({ kind: "cancelled" }, "terminate");
  const outcome = (async (): Promise<Outcome> => {
    const status = await process.status;
    hasEnded = true;
    exit.resolve();
    signalGroup(process.pid, "SIGKILL");
    watch.stop();
    options.signal?.removeEventListener("abort", cancel);
    await terminating;
    await process.stdin.abort().catch(() => {}); // Closed by its writer, or broken since the reader is gone: it is closed either way.
    return cause ?? request.explain(status, watch.usage) ?? outcomeOf(status, { usage: watch.usage, limits });
  })();

  options.signal?.addEventListener("abort", cancel);
  if (options.signal?.aborted) cancel();
  let startFault = "the runtime ended before it was ready";
  const start = await readUntilReady(stderr, {
    ready: request.ready,
    onTooLate(fault) {
      startFault = fault;
      signalGroup(process.pid, "SIGKILL");
    },
  });
  if (start.kind === "ended" && cause === undefined) {
    signalGroup(process.pid, "SIGKILL");
    const said = new TextDecoder().decode(start.rest.subarray(0, MAX_SAID_BYTES)).trim();
    await Promise.all([outcome, stdout.cancel(), stderr.cancel()]);
    throw new CodeBeakerError(
      "runtime_unavailable",
      `Cannot start the program: ${said === "" ? startFault : said}`,
    );
  }

  watch.start();
  const deadline = setTimeout(
    () => end({ kind: "timed_out", limitMs: limits.timeoutMs }, "terminate"),
    limits.timeoutMs,
  );
  exit.promise.then(() => clearTimeout(deadline));

  const budget = new OutputBudget(
    limits.maxTotalOutputBytes,
    (observedBytes) => end({ kind: "output_limit", limitBytes: limits.maxTotalOutputBytes, observedBytes }, "kill"),
  );
  return {
    stdin: process.stdin,
    output: mergeOutput([
      budget.bound(stdout),
      budget.bound(filtered(stderr, { first: start.rest, filter: request.stderrFilter })),
    ], outcome),
    outcome,
    usage: () => watch.usage,
    kill(signal) {
      if (!hasEnded) signalGroup(process.pid, signal);
    },
  };
}

/** What a launcher prints until its program may begin; one that takes too long is told of. */
async function readUntilReady(
  stderr: ChunkSource,
  { ready, onTooLate }: { readonly ready: ReadySignal | undefined; onTooLate(fault: string): void },
): Promise<Early> {
  if (ready === undefined) return { kind: "ready", rest: new Uint8Array() };
  const deadline = setTimeout(
    () => onTooLate(`the runtime was not ready after ${ready.timeoutMs} ms`),
    ready.timeoutMs,
  );
  const start = await readUpTo(ready.marker, stderr);
  clearTimeout(deadline);
  return start;
}

function exceeded({ cpuMs, peakMemoryBytes }: ProgramUsage, limits: Limits): Outcome | undefined {
  if (peakMemoryBytes !== null && peakMemoryBytes > limits.memoryMb * MEBIBYTE) {
    return { kind: "memory_limit", limitMb: limits.memoryMb, observedMb: Math.ceil(peakMemoryBytes / MEBIBYTE) };
  }
  if (cpuMs !== null && cpuMs > limits.cpuMs) return { kind: "cpu_limit", limitMs: limits.cpuMs, observedMs: cpuMs };
  return undefined;
}

/** What an exit status tells by itself: SIGXCPU and SIGXFSZ are the kernel's word that a resource limit was passed. */
function outcomeOf(
  status: Deno.CommandStatus,
  { usage, limits }: { readonly usage: ProgramUsage; readonly limits: Limits },
): Outcome {
  switch (status.signal) {
    case null:
      return { kind: "exited", exitCode: status.code };
    case "SIGXCPU":
      return { kind: "cpu_limit", limitMs: limits.cpuMs, observedMs: Math.max(usage.cpuMs ?? 0, limits.cpuMs) };
    case "SIGXFSZ":
      return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
    default:
      return { kind: "signaled", signal: status.signal };
  }
}

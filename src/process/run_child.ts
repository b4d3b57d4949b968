import { concatBytes } from "../core/bytes/bytes.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { Outcome, OutputSource, ProgramUsage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import { onAbort } from "../concurrency/on_abort.ts";
import { ChildLife, type ChildLifeRequest } from "./child_life.ts";
import {
  type ByteFilter,
  filtered,
  type MarkerSearch,
  OutputBudget,
  pipeSource,
  readUpTo,
  untilExitMarker,
  withPrefix,
} from "./child_output.ts";
import { startDeadline } from "./deadline.ts";
import { type ChunkSource, mergeOutput } from "./merge_output.ts";

/** Most bytes of the launcher's stderr that an error quotes. */
const MAX_QUOTED_BYTES = 500;

/** The handshake by which a launcher reports that its program may begin. */
export interface ReadySignal {
  /** The marker that the launcher prints on stderr; it is removed from the output. */
  readonly marker: Uint8Array;
  /** Longest time until the marker, in ms. */
  readonly timeoutMs: number;
  /**
   * The bytes on stdin on which the program begins. A launcher that reads them reports the program's end too. Absent,
   * the launcher reads nothing.
   */
  readonly go?: Uint8Array<ArrayBuffer>;
}

/** A child, its bounds and its handshake. */
export interface ChildRequest extends ChildLifeRequest {
  /** The handshake; absent, the program begins at once. */
  readonly ready?: ReadySignal;
  readonly stderrFilter: ByteFilter;
}

/** The limits and the input of a child's program. */
export interface ProgramOptions {
  readonly limits: Pick<Limits, "timeoutMs" | "maxTotalOutputBytes">;
  /** Aborting ends the program. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes on stdin behind the go, before the program's own input; absent, none. The launcher reads them. */
  readonly orders?: Uint8Array<ArrayBuffer> | undefined;
}

/** A running child. */
export interface Child {
  readonly stdin: WritableStream<Uint8Array>;
  readonly output: OutputSource;
  readonly outcome: Promise<Outcome>;
  /** Settles, after the outcome, when all processes of the child are gone. */
  readonly gone: Promise<void>;
  usage(): ProgramUsage;
  /** Reports that a child which rests between its work works until disposal. */
  beginWork(): Disposable;
  kill(signal: Deno.Signal): void;
}

/** A child before its program begins. The owner begins it or disposes of it. */
export interface ReadyChild extends AsyncDisposable {
  /** Whether the program can begin. */
  readonly isAlive: boolean;
  /** Lets the program begin, once. */
  begin(options: ProgramOptions): Child;
}

/**
 * Starts a child in its own process group and returns once its program has begun. From then on the first cause of its
 * end is its outcome: it ends by itself, its {@link startDeadline deadline}, a limit that a watch or the kernel sees
 * passed, or `signal`. The deadline and `signal` end the group with SIGTERM and a grace period, the limits at once. No
 * process of it outlives the leader.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before the program could begin
 */
export async function runChild(
  request: ChildRequest,
  options: Pick<ProgramOptions, "signal" | "orders"> = {},
): Promise<Child> {
  const child = await startChild(request, { ...options, goesOn: true });
  return child.begin({ ...options, limits: request.limits });
}

/**
 * Starts a child in its own process group and returns once its program may begin. With `goesOn` the program has begun
 * by then.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before
 */
export async function startChild(
  request: ChildRequest,
  { goesOn = false, signal }: { readonly goesOn?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadyChild> {
  const life = ChildLife.start(request);
  const stderr = pipeSource("stderr", life.process.stderr);
  const stdout = pipeSource("stdout", life.process.stdout);
  using _cancelling = onAbort(signal, () => cancel(life));
  if (goesOn) {
    life.watchDisk();
    if (request.ready?.go !== undefined) send(request.ready.go, life);
  }
  let startFault = "the runtime ended before it was ready";
  const start = await readUntilReady(stderr, {
    ready: request.ready,
    onTooLate(fault) {
      startFault = fault;
      life.signal("SIGKILL");
    },
  });
  if (start.kind === "ended" && life.cause === undefined) {
    life.signal("SIGKILL");
    const said = new TextDecoder().decode(start.rest.subarray(0, MAX_QUOTED_BYTES)).trim();
    await Promise.all([life.outcome, stdout.cancel(), stderr.cancel(), life.gone]);
    throw new CodeBeakerError(
      "runtime_unavailable",
      `Cannot start the program: ${said === "" ? startFault : said}`,
    );
  }
  if (request.ready !== undefined) life.prepare();
  let isAlive = true;
  life.exited.then(() => isAlive = false);
  return {
    get isAlive() {
      return isAlive;
    },
    async [Symbol.asyncDispose]() {
      life.end({ kind: "cancelled" }, "kill");
      await Promise.all([stdout.cancel(), stderr.cancel(), life.outcome, life.gone]);
    },
    begin(options) {
      const go = goesOn ? undefined : request.ready?.go;
      const sent = [go, options.orders].filter((bytes) => bytes !== undefined);
      send(concatBytes(sent), life); // At once: a write each would wake the child twice.
      return begin(life, { ...options, request, stdout, stderr: withPrefix(stderr, start.rest) });
    },
  };
}

/** Follows the program of a child from its start to its end. */
function begin(
  life: ChildLife,
  { limits: { maxTotalOutputBytes, timeoutMs }, request, signal, stderr, stdout }: ProgramOptions & {
    readonly request: ChildRequest;
    readonly stdout: ChunkSource;
    readonly stderr: ChunkSource;
  },
): Child {
  const cancelling = onAbort(signal, () => cancel(life));
  life.begin();
  const deadline = startDeadline({
    limitMs: timeoutMs,
    coreTimes: () => life.coreTimes(),
    onPassed: () => life.end({ kind: "timed_out", limitMs: timeoutMs }, "terminate"),
  });
  life.exited.then(() => {
    deadline[Symbol.dispose]();
    cancelling[Symbol.dispose]();
  });
  const budget = new OutputBudget(
    maxTotalOutputBytes,
    (observedBytes) => life.end({ kind: "output_limit", limitBytes: maxTotalOutputBytes, observedBytes }, "kill"),
  );
  const [out, err] = request.ready?.go === undefined ? [stdout, stderr] : untilBothExitMarkers([stdout, stderr], life);
  return {
    stdin: life.process.stdin,
    output: mergeOutput([budget.bound(out), budget.bound(filtered(err, request.stderrFilter))], life.outcome),
    outcome: life.outcome,
    gone: life.gone,
    usage: () => life.usage(),
    beginWork: () => life.beginWork(),
    kill: (signal) => life.signal(signal),
  };
}

function cancel(life: ChildLife): void {
  life.end({ kind: "cancelled" }, "terminate");
}

/** Writes bytes to a child's stdin. A child that is gone does not read them. */
function send(bytes: Uint8Array, { process: { stdin } }: ChildLife): void {
  if (bytes.length === 0) return;
  const writer = stdin.getWriter();
  writer.write(bytes).catch(() => {});
  writer.releaseLock();
}

/** Cuts both streams of a program at the exit marker. The marker comes on each stream after all output. */
function untilBothExitMarkers(
  [stdout, stderr]: readonly [ChunkSource, ChunkSource],
  life: ChildLife,
): [ChunkSource, ChunkSource] {
  let ends = 0;
  const onEnd = (code: number) => {
    life.noteExitCode(code);
    if (++ends === 2) life.reportExit();
  };
  return [untilExitMarker(stdout, onEnd), untilExitMarker(stderr, onEnd)];
}

/** Reads the launcher's stderr until its program may begin. Calls `onTooLate` at the deadline. */
async function readUntilReady(
  stderr: ChunkSource,
  { ready, onTooLate }: { readonly ready: ReadySignal | undefined; onTooLate(fault: string): void },
): Promise<MarkerSearch> {
  if (ready === undefined) return { kind: "ready", rest: new Uint8Array() };
  const deadline = setTimeout(
    () => onTooLate(`the runtime was not ready after ${ready.timeoutMs} ms`),
    ready.timeoutMs,
  );
  const start = await readUpTo(ready.marker, stderr);
  clearTimeout(deadline);
  return start;
}

import { describeEnd, type RunProgramOptions, unlessAborted } from "../commands/mod.ts";
import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import type { CellRequest, ContextInfo } from "../core/requests/cell_request.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { Outcome, OutputChunk, OutputStream, ProgramResult, ProgramUsage } from "../core/execution.ts";
import { MEBIBYTE } from "../core/limits.ts";
import type { CellOrder, CellReport, ProgramHandle } from "../runtimes/port.ts";
import { CellClock } from "./cell_clock.ts";
import { CellOutput } from "./cell_output.ts";
import { MAX_REPORT_BYTES, MAX_RESULT_BYTES, parseReport } from "./cell_report.ts";

/** What may come on one stream between the end of a cell there and on the other. */
const MAX_EARLY_BYTES = 8 * MEBIBYTE;
const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];

/**
 * A stateful interpreter: a program that lasts, and evaluates one cell at a time. What it prints between two cells comes
 * with the next, and is not read before. It is lost, with all its variables, when its process ends, which this sees to
 * where a cell cannot be ended in another way, uses too much, or speaks what is not understood.
 */
export class Context {
  readonly info: ContextInfo;
  readonly #handle: ProgramHandle;
  readonly #reader: ReadableStreamDefaultReader<OutputChunk>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #clock: CellClock;
  /** What came behind the end of the last cell. */
  readonly #early = {
    stdout: new CollectedBytes(MAX_EARLY_BYTES),
    stderr: new CollectedBytes(MAX_EARLY_BYTES),
  };
  /** The first one is empty, and tells that the interpreter evaluates. */
  #cells = -1;
  #outcome: Outcome | undefined;
  readonly #ended: Promise<Outcome>;

  constructor(info: ContextInfo, handle: ProgramHandle) {
    this.info = info;
    this.#handle = handle;
    this.#reader = handle.output.getReader();
    this.#writer = handle.stdin.getWriter();
    this.#writer.closed.catch(() => {}); // Its process has ended, which `outcome` tells.
    this.#clock = new CellClock(handle, { interrupt: () => this.#tell({ interrupt: true }) });
    this.#ended = handle.outcome.then((outcome) => {
      this.#outcome = this.#clock.cause ?? outcome;
      this.#clock[Symbol.dispose]();
      this.#writer.abort().catch(() => {}); // It is closed already.
      if (!this.#clock.isRunning) this.#letGo(); // A cell reads what is left, and lets go then.
      return this.#outcome;
    });
  }

  /** Settles when its process has ended, with what it was ended for. */
  get ended(): Promise<Outcome> {
    return this.#ended;
  }

  get isLost(): boolean {
    return this.#outcome !== undefined;
  }

  /** @throws {CodeBeakerError} `conflict` when it is lost */
  checkAlive(): void {
    if (this.#outcome !== undefined) throw lostContext(this.info.id, this.#outcome);
  }

  /** Interrupts the cell that is under way; false when there is none. */
  interrupt(): boolean {
    return this.#clock.interrupt();
  }

  /** What it has used since its last cell told; a cell that is under way tells itself. */
  untold(): ProgramUsage {
    return this.#clock.isRunning ? { cpuMs: 0, peakMemoryBytes: null } : this.#clock.untold();
  }

  /** Ends it at once, with what it does; returns when it is gone. */
  async close(): Promise<void> {
    this.#clock.end({ kind: "cancelled" });
    await this.ended;
    if (!this.#clock.isRunning) await this.#letGo();
  }

  /** Evaluates a cell; one at a time is its caller's to see to. @throws {CodeBeakerError} `conflict` when it is lost */
  async run({ code }: Pick<CellRequest, "code">, options: RunProgramOptions): Promise<ProgramResult> {
    this.checkAlive();
    const { limits, permissionBounds, signal } = options;
    const kept = options.kept ?? {
      stdout: new BoundedOutput(limits.maxOutputBytes),
      stderr: new BoundedOutput(limits.maxOutputBytes),
    };
    const name = `cell_${++this.#cells}`;
    const { language, id } = this.info;
    const { timeoutMs } = limits;
    const secret = crypto.randomUUID();
    const cell: CellOrder = { name, code, language, timeoutMs, maxResultBytes: MAX_RESULT_BYTES, secret };
    options.onStart?.();
    const beganAt = performance.now();
    this.#handle.forgetDenials?.();
    using clock = this.#clock.begin({ limits, signal });
    this.#tell({ cell });
    const report = await this.#follow({ kept, secret, onOutput: options.onOutput, clock });
    const outcome = report === undefined ? await this.#lose() : outcomeOf(report, { timeoutMs, isLate: clock.isLate });
    if (this.isLost) await this.#letGo();
    const { kind: _kind, ...answer } = report ?? {};
    const usage = { wallMs: performance.now() - beganAt, startupMs: 0, ...clock.usage() };
    return {
      ...describeEnd(this.#handle, { outcome, kept, usage, permissionBounds }),
      ...answer,
      contextId: id,
      cell: name,
      ...(report === undefined ? { contextLost: true } : {}),
    };
  }

  /** Reads what a cell prints, until both streams tell its end; undefined when the context has to go, or is gone. */
  async #follow({ clock, kept, onOutput, secret }: FollowedCell): Promise<CellReport | undefined> {
    const print = async (stream: OutputStream, printed: Uint8Array) => {
      const bytes = clock.count(printed);
      kept[stream].push(bytes);
      if (bytes.length > 0) await unlessAborted(clock.hurry, onOutput?.({ stream, bytes }));
    };
    const outputs = new Map(STREAMS.map((stream) => [stream, new CellOutput(secret, BOUNDS)]));
    const early = STREAMS.map((stream) => ({ stream, bytes: this.#early[stream].take() }));
    let report: CellReport | undefined;
    while (outputs.size > 0) {
      const chunk = early.shift() ?? (await this.#reader.read()).value;
      if (chunk === undefined) break;
      const { bytes, stream } = chunk;
      const output = outputs.get(stream);
      if (output === undefined) {
        if (!this.#early[stream].push(bytes)) return undefined;
        continue;
      }
      const piece = readPiece(output, bytes);
      if (piece === undefined) return undefined;
      await print(stream, piece.output);
      if (piece.end === undefined) continue;
      outputs.delete(stream);
      if (!this.#early[stream].push(piece.end.rest)) return undefined;
      if (stream === "stdout") report = parseReport(piece.end.report);
    }
    for (const [stream, output] of outputs) await print(stream, output.flush());
    await this.#clock.sample();
    return outputs.size > 0 || clock.cause !== undefined ? undefined : report;
  }

  /** Its process goes, if it is not gone. */
  async #lose(): Promise<Outcome> {
    this.#handle.kill("SIGKILL");
    const outcome = await this.ended;
    await this.#letGo();
    return outcome;
  }

  /** Nobody will read what it has printed. */
  async #letGo(): Promise<void> {
    for (const stream of STREAMS) this.#early[stream].take();
    await this.#reader.cancel().catch(() => {}); // What has failed holds nothing.
  }

  /** A process that does not read it is ended by the cell's deadline. */
  #tell(message: { readonly cell: CellOrder } | { readonly interrupt: true }): void {
    this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)).catch(() => {}); // It has ended.
  }
}

interface FollowedCell {
  readonly onOutput: RunProgramOptions["onOutput"] | undefined;
  readonly clock: ReturnType<CellClock["begin"]>;
  readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  readonly secret: string;
}

const BOUNDS = { maxReportBytes: MAX_REPORT_BYTES };

/** Undefined for what no interpreter writes. */
function readPiece(output: CellOutput, bytes: Uint8Array): ReturnType<CellOutput["push"]> | undefined {
  try {
    return output.push(bytes);
  } catch {
    return undefined;
  }
}

/** What tells that a context is lost. */
export function lostContext(id: string, outcome: Outcome): CodeBeakerError {
  return new CodeBeakerError(
    "conflict",
    `Cannot use the context ${id} as it is lost, with all its variables: its process ended as ${
      JSON.stringify(outcome)
    }`,
  );
}

interface Deadline {
  readonly timeoutMs: number;
  /** Whether it has passed: a cell that says then that it is done has not ended in time. */
  readonly isLate: boolean;
}

function outcomeOf({ kind }: CellReport, { isLate, timeoutMs }: Deadline): Outcome {
  if (isLate && kind !== "interrupted") return { kind: "timed_out", limitMs: timeoutMs };
  switch (kind) {
    case "done":
      return { kind: "exited", exitCode: 0 };
    case "failed":
      return { kind: "exited", exitCode: 1 };
    case "timed_out":
      return { kind: "timed_out", limitMs: timeoutMs };
    case "interrupted":
      return { kind: "cancelled" };
  }
}

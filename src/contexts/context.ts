import { describeEnd, type RunProgramOptions, unlessAborted } from "../commands/mod.ts";
import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import type { CellRequest, ContextInfo } from "../core/requests/cell_request.ts";
import { CodeBeakerError, invalidField, messageOf } from "../core/errors.ts";
import type { Outcome, OutputChunk, ProgramResult, ProgramUsage } from "../core/execution.ts";
import type { CellOrder, CellReport, ExecutionEnvironment, ProgramHandle } from "../runtimes/port.ts";
import { CellClock, type TimedCell } from "./cell_clock.ts";
import type { CellQuestion, CellReply } from "./cell_question.ts";
import { MAX_RESULT_BYTES, MAX_TEXT_LENGTH } from "./cell_report.ts";
import { CellStreams } from "./cell_streams.ts";

/** The settings of one cell. */
export interface RunCellOptions extends RunProgramOptions {
  /** Installs packages for the session, and returns the installer's exit code. Default: cells install none. */
  install?(
    packages: readonly string[],
    options: Required<Pick<RunProgramOptions, "onOutput" | "signal">>,
  ): Promise<number>;
}

const ENCODER = new TextEncoder();

/**
 * A stateful interpreter: a process that evaluates one cell at a time. The context is lost, with all its variables,
 * when its process ends. It kills the process when a cell does not end, exceeds a limit, or violates the protocol.
 */
export class Context {
  readonly info: ContextInfo;
  readonly #handle: ProgramHandle;
  readonly #streams: CellStreams;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #clock: CellClock;
  readonly #noPackages: string | undefined;
  /** The first cell (0) is empty: its end shows that the interpreter evaluates. */
  #lastCell = -1;
  /** Whether cells read their stdin: the interpreter says so. */
  #readsStdin = false;
  #outcome: Outcome | undefined;
  readonly #ended: Promise<Outcome>;

  constructor(
    info: ContextInfo,
    handle: ProgramHandle,
    { noPackages }: Pick<ExecutionEnvironment, "noPackages"> = {},
  ) {
    this.info = info;
    this.#noPackages = noPackages;
    this.#handle = handle;
    this.#streams = new CellStreams(handle.output);
    this.#writer = handle.stdin.getWriter();
    this.#writer.closed.catch(() => {}); // The process has ended: `outcome` reports it.
    this.#clock = new CellClock(handle, { interrupt: () => this.#send({ interrupt: true }) });
    this.#ended = handle.outcome.then((outcome) => {
      this.#outcome = this.#clock.cause ?? outcome;
      this.#clock[Symbol.dispose]();
      this.#writer.abort().catch(() => {}); // The writer is closed already.
      if (!this.#clock.isRunning) this.#streams.cancel(); // Otherwise the running cell reads the rest first.
      return this.#outcome;
    });
  }

  /** Settles when the context's process has ended, with the cause. */
  get ended(): Promise<Outcome> {
    return this.#ended;
  }

  get isLost(): boolean {
    return this.#outcome !== undefined;
  }

  /** @throws {CodeBeakerError} `conflict` when the context is lost */
  checkAlive(): void {
    if (this.#outcome !== undefined) throw lostContext(this.info.id, this.#outcome);
  }

  /** @throws {CodeBeakerError} `invalid_request` for stdin where cells read none */
  checkStdin(stdin: string | undefined): void {
    if (stdin === undefined || stdin === "" || this.#readsStdin) return;
    throw invalidField("stdin", `Cells in ${this.info.language} read no stdin: give their input in \`code\``);
  }

  /** Interrupts the running cell; false when none runs. */
  interrupt(): boolean {
    return this.#clock.interrupt();
  }

  /** Takes the usage since the last cell. A running cell takes its own, so the result is zero then. */
  takeUsage(): ProgramUsage {
    return this.#clock.isRunning ? { cpuMs: 0, peakMemoryBytes: null } : this.#clock.takeUsage();
  }

  /** Kills the context's process. Returns when it has ended. */
  async close(): Promise<void> {
    this.#clock.end({ kind: "cancelled" });
    await this.ended;
    if (!this.#clock.isRunning) await this.#streams.cancel();
  }

  /**
   * Evaluates a cell. The caller runs one cell at a time.
   *
   * @throws {CodeBeakerError} `conflict` when the context is lost
   */
  async run({ code, stdin }: Pick<CellRequest, "code" | "stdin">, options: RunCellOptions): Promise<ProgramResult> {
    this.checkAlive();
    const { limits, onDisplay, onOutput, permissionBounds, signal } = options;
    const kept = options.kept ?? {
      stdout: new BoundedOutput(limits.maxOutputBytes),
      stderr: new BoundedOutput(limits.maxOutputBytes),
    };
    const name = `cell_${++this.#lastCell}`;
    const { language, id } = this.info;
    const { timeoutMs } = limits;
    const secret = crypto.randomUUID();
    options.onStart?.({});
    const beganAt = performance.now();
    this.#handle.forgetDenials?.();
    using _work = this.#handle.beginWork?.();
    using cell = this.#clock.begin({ limits, signal });
    const bounds = { timeoutMs, maxResultBytes: MAX_RESULT_BYTES, maxTextLength: MAX_TEXT_LENGTH };
    const input = { ...(stdin === undefined ? {} : { stdin }), asksInput: options.onInput !== undefined };
    this.#send({ cell: { name, code, language, ...input, ...bounds, secret } });
    const print = async (chunk: OutputChunk) => {
      const bytes = cell.countOutput(chunk.bytes);
      kept[chunk.stream].push(bytes);
      if (bytes.length > 0) await unlessAborted(cell.mustEnd, onOutput?.({ ...chunk, bytes }));
    };
    let isAsking = false;
    const read = await this.#streams.read(secret, {
      print,
      ask: (question) => {
        if (isAsking) return; // A cell asks one question at a time: this one is forged, or the last was interrupted.
        isAsking = true;
        answerQuestion(question, { ...options, cell, print }).then((reply) => {
          isAsking = false;
          this.#send({ answer: { id: question.id, ...reply } });
        });
      },
      display: async (bundle) => await unlessAborted(cell.mustEnd, onDisplay?.(bundle)),
    });
    if (this.#handle.sample !== undefined) await this.#clock.sample();
    const report = cell.cause === undefined ? read.report : undefined;
    const outcome = report === undefined
      ? await this.#kill()
      : outcomeOf(report, { timeoutMs, isLate: cell.isLate, exceeded: cell.exceeded });
    if (this.isLost) await this.#streams.cancel();
    const { kind: _kind, readsStdin, ...answer } = report ?? {};
    if (readsStdin === true) this.#readsStdin = true;
    const usage = { wallMs: performance.now() - beganAt, startupMs: 0, ...cell.usage() };
    return {
      ...describeEnd(this.#handle, { outcome, kept, usage, permissionBounds, noPackages: this.#noPackages }),
      ...answer,
      displays: read.displays,
      contextId: id,
      cell: name,
      ...(report === undefined ? { contextLost: true } : {}),
    };
  }

  async #kill(): Promise<Outcome> {
    this.#handle.kill("SIGKILL");
    return await this.ended;
  }

  /**
   * Sends a message to the interpreter. Where the interpreter does not read it, the cell's deadline ends the process.
   */
  #send(
    message: { readonly cell: CellOrder } | { readonly interrupt: true } | {
      readonly answer: CellReply & { readonly id: number };
    },
  ): void {
    this.#writer.write(ENCODER.encode(`${JSON.stringify(message)}\n`)).catch(() => {}); // The process has ended.
  }
}

/** Answers a question of a cell. It does not throw. */
async function answerQuestion(
  question: CellQuestion,
  { cell, install, onInput, print }: RunCellOptions & {
    readonly cell: TimedCell;
    print(chunk: OutputChunk): Promise<void>;
  },
): Promise<CellReply> {
  const { mustEnd: signal } = cell;
  try {
    if (question.kind === "input") {
      const text = await onInput?.(question.input, { signal });
      return text === undefined ? {} : { text };
    }
    if (install === undefined) return { error: "Cannot install packages from a cell of this session" };
    using _pause = cell.pause();
    return { exitCode: await install(question.packages, { signal, onOutput: print }) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Makes the error for a context that is lost. */
export function lostContext(id: string, outcome: Outcome): CodeBeakerError {
  return new CodeBeakerError(
    "conflict",
    `Cannot use the context ${id} as its process has ended, and its variables with it: open another: current value is ${
      JSON.stringify(outcome)
    }`,
  );
}

/** A cell that reports `done` after its deadline did not end in time. */
function outcomeOf(
  { kind }: CellReport,
  { exceeded, isLate, timeoutMs }: Pick<TimedCell, "exceeded" | "isLate"> & { readonly timeoutMs: number },
): Outcome {
  if (exceeded !== undefined) return exceeded;
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

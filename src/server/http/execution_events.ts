import type { MimeBundle } from "../../core/cell.ts";
import type { Execution, OutputChunk } from "../../core/execution.ts";
import type { ExecutionStart, SubmitOptions, Submitted } from "../../engine/port.ts";
import { EventStream, PING_MS } from "./event_stream.ts";
import { OutputDecoder } from "./output_decoder.ts";
import type { Problem } from "./problem.ts";

/** Submits an execution. */
export type Submit = (options: SubmitOptions) => Promise<Submitted>;

/** Options of a stream of an execution's events. */
export interface ExecutionEventsOptions {
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
  readonly idempotencyKey?: string | undefined;
  readonly pingMs?: number;
  toProblem(error: unknown): Problem;
}

/**
 * Submits an execution and streams its events: `started`, then `stdout` and `stderr` as the program prints, `display` as a cell
 * displays, and last
 * `completed`, or `error` when the service fails after the stream began. The program waits until the client has read
 * its output; a client that disconnects cancels it. A repeated submit under the same key gets only `started` and
 * `completed`.
 *
 * Returns with the first event.
 *
 * @throws the execution's error before that
 */
export async function executionEvents(
  submit: Submit,
  options: ExecutionEventsOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const events = new EventStream(options.signal);
  const writer = new ExecutionEventWriter(events);
  const { ended } = await submit({
    signal: events.abandoned,
    isInteractive: true,
    idempotencyKey: options.idempotencyKey,
    onStart: (start) => writer.writeStart(start),
    onOutput: (chunk) => writer.writeOutput(chunk),
    onDisplay: (data) => writer.writeDisplay(data),
  });
  const written = writeEnd(ended, { events, writer, options });
  await Promise.race([events.opened, written]);
  return events.body;
}

async function writeEnd(
  ended: Promise<Execution>,
  { events, writer, options }: {
    readonly events: EventStream;
    readonly writer: ExecutionEventWriter;
    readonly options: ExecutionEventsOptions;
  },
): Promise<void> {
  using _pings = events.pingEvery(options.pingMs ?? PING_MS);
  try {
    await writer.writeEnd(await ended);
  } catch (error) {
    if (!events.isOpen) throw error;
    await events.send("error", options.toProblem(error));
  }
  await events.close();
}

/** Writes the events of one execution. */
class ExecutionEventWriter {
  readonly #events: EventStream;
  readonly #output = new OutputDecoder();
  #hasStarted = false;

  constructor(events: EventStream) {
    this.#events = events;
  }

  async writeStart({ id, runtime }: ExecutionStart): Promise<void> {
    this.#hasStarted = true;
    await this.#events.send("started", { id, runtime });
  }

  async writeOutput(chunk: OutputChunk): Promise<void> {
    const text = this.#output.decode(chunk);
    if (text !== "") await this.#events.send(chunk.stream, { text });
  }

  async writeDisplay(data: MimeBundle): Promise<void> {
    await this.#events.send("display", { data });
  }

  async writeEnd(execution: Execution): Promise<void> {
    if (!this.#hasStarted) await this.writeStart(execution);
    for (const { stream, text } of this.#output.end()) await this.#events.send(stream, { text });
    await this.#events.send("completed", execution);
  }
}

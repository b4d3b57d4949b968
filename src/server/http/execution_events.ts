import type { MimeBundle } from "../../core/cell.ts";
import type { Execution, OutputChunk } from "../../core/execution.ts";
import type { EventPosition, ExecutionEvent, ExecutionStart, SubmitOptions, Submitted } from "../../engine/port.ts";
import { EventStream } from "./event_stream.ts";
import { PING_MS } from "./paced_stream.ts";
import { OutputDecoder } from "./output_decoder.ts";
import { sendError, sendEvent } from "./send_event.ts";

/** Submits an execution. */
export type Submit = (options: SubmitOptions) => Promise<Submitted>;

/** Starts to read the events of an execution. Undefined when the reader has its end already. */
export type Follow = (options: { readonly signal: AbortSignal }) => AsyncIterable<ExecutionEvent> | undefined;

/** Options of a stream of an execution's events. */
export interface EventsOptions {
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
  readonly pingMs?: number;
  /** The id of the request in problems. */
  readonly requestId: string;
}

/** Options of the events of an execution that is submitted for them. */
export interface ExecutionEventsOptions extends EventsOptions {
  readonly idempotencyKey?: string | undefined;
  /** Longest time in the queue, as {@link SubmitOptions} has it. */
  readonly maxQueueMs?: number | undefined;
}

/** The bytes of a stream of events. */
export type EventBytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Submits an execution and streams its events. They are `started`, then `stdout` and `stderr` as the program prints and
 * `display` as a cell displays, and last `completed`, or `error` when the service fails after the stream began. The
 * program waits until the client has read its output; a client that disconnects cancels it. A repeated submit under the
 * same key gets only `started` and `completed`.
 *
 * Returns with the first event.
 *
 * @throws the execution's error before the first event
 */
export async function executionEvents(submit: Submit, options: ExecutionEventsOptions): Promise<EventBytes> {
  const events = new EventStream(options.signal);
  const writer = new ExecutionEventWriter(events, options);
  const { ended } = await submit({
    signal: events.abandoned,
    isInteractive: true,
    idempotencyKey: options.idempotencyKey,
    maxQueueMs: options.maxQueueMs,
    onStart: (start) => writer.writeStart(start),
    onOutput: (chunk) => writer.writeOutput(chunk),
    onDisplay: (data) => writer.writeDisplay(data),
  });
  const written = writer.writeEnd(ended);
  await Promise.race([events.opened, written]);
  return events.body;
}

/** Streams the events of an execution from where `follow` begins; undefined when nothing follows. */
export function followedEvents(follow: Follow, options: EventsOptions): EventBytes | undefined {
  const events = new EventStream(options.signal);
  const followed = follow({ signal: events.abandoned });
  if (followed === undefined) return undefined;
  writeAll(events, followed, options);
  return events.body;
}

async function writeAll(
  events: EventStream,
  followed: AsyncIterable<ExecutionEvent>,
  { pingMs = PING_MS, requestId }: EventsOptions,
): Promise<void> {
  using _pings = events.pingEvery(pingMs);
  let position: EventPosition = { stdout: 0, stderr: 0, displays: 0 };
  try {
    for await (const event of followed) {
      position = event.position;
      await sendEvent(events, event, { requestId });
      if (events.abandoned.aborted) break;
    }
  } catch (error) {
    await sendError(events, error, { position, requestId });
  }
  await events.close();
}

/** Writes the events of one execution as they come. */
class ExecutionEventWriter {
  readonly #events: EventStream;
  readonly #options: EventsOptions;
  readonly #output = new OutputDecoder();
  #displays = 0;
  #hasStarted = false;

  constructor(events: EventStream, options: EventsOptions) {
    this.#events = events;
    this.#options = options;
  }

  async writeStart({ id, runtime }: ExecutionStart): Promise<void> {
    this.#hasStarted = true;
    await this.#send({ kind: "started", id, runtime, position: this.#position });
  }

  async writeOutput(chunk: OutputChunk): Promise<void> {
    await this.#writeText(chunk.stream, this.#output.decode(chunk));
  }

  async writeDisplay(data: MimeBundle): Promise<void> {
    this.#displays++;
    await this.#send({ kind: "display", data, position: this.#position });
  }

  /**
   * Waits for the end and writes it.
   *
   * @throws the execution's error when nothing was sent before
   */
  async writeEnd(ended: Promise<Execution>): Promise<void> {
    const { pingMs = PING_MS, requestId } = this.#options;
    using _pings = this.#events.pingEvery(pingMs);
    try {
      const execution = await ended;
      if (!this.#hasStarted) await this.writeStart(execution);
      for (const { stream, text } of this.#output.end()) await this.#writeText(stream, text);
      await this.#send({ kind: "ended", execution, position: this.#position });
    } catch (error) {
      if (!this.#events.isOpen) throw error;
      await sendError(this.#events, error, { position: this.#position, requestId });
    }
    await this.#events.close();
  }

  get #position(): EventPosition {
    return { ...this.#output.decodedBytes, displays: this.#displays };
  }

  async #writeText(stream: OutputChunk["stream"], text: string): Promise<void> {
    if (text !== "") await this.#send({ kind: "output", stream, text, position: this.#position });
  }

  #send(event: ExecutionEvent): Promise<void> {
    return sendEvent(this.#events, event, this.#options);
  }
}

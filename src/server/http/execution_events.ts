import type { Execution } from "../../core/execution.ts";
import type { EventPosition, ExecutionEvent, SubmitOptions, Submitted } from "../../engine/port.ts";
import { EventSender } from "./event_sender.ts";
import { PacedStream, PING_MS } from "./paced_stream.ts";
import { toFailure } from "./problem.ts";

/** Submits an execution. */
export type Submit = (options: SubmitOptions) => Promise<Submitted>;

/** Starts to read the events of an execution. Undefined when the reader has its end already. */
export type Follow = (options: { readonly signal: AbortSignal }) => AsyncIterable<ExecutionEvent> | undefined;

/** The wire form of a stream of events. An event or a ping that is undefined has no bytes. */
export interface EventFormat {
  /** The media type of the stream. */
  readonly type: string;
  encode(event: ExecutionEvent): Uint8Array<ArrayBuffer> | undefined;
  ping(): Uint8Array<ArrayBuffer> | undefined;
}

/** Options of a stream of an execution's events. */
export interface EventsOptions {
  readonly format: EventFormat;
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
  readonly pingMs?: number;
  /** The id of the request in the log. */
  readonly requestId: string;
}

/** The bytes of a stream of events. */
export type EventBytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Submits an execution and streams its events. They are `started`, then `output` as the program prints and `display` as
 * a cell displays, and last `ended`, or `failed` when the service fails after the stream began. The program waits until
 * the client has read its output; a client that disconnects cancels it. A repeated submit under the same key gets only
 * `started` and `ended`.
 *
 * Returns with the first event or ping.
 *
 * @throws the execution's error before the first event or ping
 */
export async function executionEvents(submit: Submit, options: EventsOptions): Promise<EventBytes> {
  const { format, signal } = options;
  const stream = new PacedStream(signal);
  const sender = new EventSender((event) => stream.write(format.encode(event)));
  const { ended } = await submit({ signal: stream.abandoned, isInteractive: true, ...sender.options });
  const written = writeEnd(stream, ended, { ...options, sender });
  await Promise.race([stream.opened, written]);
  return stream.body;
}

/** Streams the events of an execution from where `follow` begins; undefined when nothing follows. */
export function followedEvents(follow: Follow, options: EventsOptions): EventBytes | undefined {
  const stream = new PacedStream(options.signal);
  const followed = follow({ signal: stream.abandoned });
  if (followed === undefined) return undefined;
  writeAll(stream, followed, options);
  return stream.body;
}

/** @throws the execution's error when nothing was written before */
async function writeEnd(
  stream: PacedStream,
  ended: Promise<Execution>,
  { format, pingMs = PING_MS, requestId, sender }: EventsOptions & { readonly sender: EventSender },
): Promise<void> {
  using _pings = stream.pingEvery(pingMs, () => format.ping());
  try {
    await sender.sendEnd(ended);
  } catch (error) {
    if (!stream.isOpen) throw error;
    await sender.sendFailure(toFailure(error, requestId));
  }
  await stream.close();
}

async function writeAll(
  stream: PacedStream,
  followed: AsyncIterable<ExecutionEvent>,
  { format, pingMs = PING_MS, requestId }: EventsOptions,
): Promise<void> {
  using _pings = stream.pingEvery(pingMs, () => format.ping());
  let position: EventPosition = { stdout: 0, stderr: 0, displays: 0 };
  try {
    for await (const event of followed) {
      position = event.position;
      await stream.write(format.encode(event));
      if (stream.abandoned.aborted) break;
    }
  } catch (error) {
    await stream.write(format.encode({ kind: "failed", error: toFailure(error, requestId), position }));
  }
  await stream.close();
}

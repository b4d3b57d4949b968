import type { Execution, OutputChunk } from "../../core/execution.ts";
import type { ExecutionStart, SubmitOptions, Submitted } from "../../engine/port.ts";
import { EventStream, PING_MS } from "./event_stream.ts";
import { OutputDecoder } from "./output_decoder.ts";
import type { Problem } from "./problem.ts";

/** Takes an execution in, wherever it is to run. */
export type Submit = (options: SubmitOptions) => Promise<Submitted>;

/** What a stream of an execution's events depends on. */
export interface ExecutionEventsOptions {
  /** Aborted when the client is known to be gone. */
  readonly signal: AbortSignal;
  readonly idempotencyKey?: string | undefined;
  readonly pingMs?: number;
  toProblem(error: unknown): Problem;
}

/**
 * Submits an execution and follows it: `started`, `stdout` and `stderr` as it prints, and last `completed`, or `error` when the
 * service failed after the stream began. The program waits until the client took what it printed, and a client that goes away
 * cancels it. Of an execution that was submitted before under the same key, only `started` and `completed` are told.
 *
 * Returns once there is something to tell.
 *
 * @throws what the execution fails with before that
 */
export async function executionEvents(
  submit: Submit,
  options: ExecutionEventsOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const events = new EventStream(options.signal);
  const teller = new ExecutionTeller(events);
  const { ended } = await submit({
    signal: events.abandoned,
    isInteractive: true,
    idempotencyKey: options.idempotencyKey,
    onStart: (start) => teller.tellStart(start),
    onOutput: (chunk) => teller.tellOutput(chunk),
  });
  const told = reportExit(ended, { events, teller, options });
  await Promise.race([events.opened, told]);
  return events.body;
}

async function reportExit(
  ended: Promise<Execution>,
  { events, teller, options }: {
    readonly events: EventStream;
    readonly teller: ExecutionTeller;
    readonly options: ExecutionEventsOptions;
  },
): Promise<void> {
  using _pings = events.pingEvery(options.pingMs ?? PING_MS);
  try {
    await teller.reportExit(await ended);
  } catch (error) {
    if (!events.isOpen) throw error;
    await events.send("error", options.toProblem(error));
  }
  await events.close();
}

/** Puts into events what an execution does. */
class ExecutionTeller {
  readonly #events: EventStream;
  readonly #output = new OutputDecoder();
  #hasStarted = false;

  constructor(events: EventStream) {
    this.#events = events;
  }

  async tellStart({ id, runtime, selection }: ExecutionStart): Promise<void> {
    this.#hasStarted = true;
    await this.#events.send("started", { id, runtime, selection });
  }

  async tellOutput(chunk: OutputChunk): Promise<void> {
    const text = this.#output.decode(chunk);
    if (text !== "") await this.#events.send(chunk.stream, { text });
  }

  async reportExit(execution: Execution): Promise<void> {
    if (!this.#hasStarted) await this.tellStart(execution);
    for (const { stream, text } of this.#output.end()) await this.#events.send(stream, { text });
    await this.#events.send("completed", execution);
  }
}

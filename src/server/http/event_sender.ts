import type { MimeBundle } from "../../core/cell.ts";
import type { Failure } from "../../core/errors.ts";
import type { Execution, OutputChunk } from "../../core/execution.ts";
import type { EventPosition, ExecutionEvent, ExecutionStart, SubmitOptions } from "../../engine/port.ts";
import { OutputDecoder } from "./output_decoder.ts";

/** Sends an event to the reader of an execution. The program waits until this returns. */
export type SendEvent = (event: ExecutionEvent) => Promise<void> | void;

/** Sends the events of one execution to the client that submits it, as they come. */
export class EventSender {
  readonly #send: SendEvent;
  readonly #output = new OutputDecoder();
  #displays = 0;
  #hasStarted = false;

  constructor(send: SendEvent) {
    this.#send = send;
  }

  /** Options for submitting the execution, which send its start, output and displays. */
  get options(): Required<Pick<SubmitOptions, "onStart" | "onOutput" | "onDisplay">> {
    return {
      onStart: (start) => void this.#sendStart(start),
      onOutput: (chunk) => this.#sendText(chunk.stream, this.#output.decode(chunk)),
      onDisplay: (data) => this.#sendDisplay(data),
    };
  }

  /**
   * Waits for the end of the execution and sends it. The start of an execution that was submitted before, or that ends
   * in the queue, goes first.
   *
   * @throws the execution's error
   */
  async sendEnd(ended: Promise<Execution>): Promise<Execution> {
    const execution = await ended;
    const { id, runtime } = execution;
    if (!this.#hasStarted) await this.#sendStart({ id, runtime });
    for (const { stream, text } of this.#output.end()) await this.#sendText(stream, text);
    await this.#send({ kind: "ended", execution, position: this.#position });
    return execution;
  }

  /** Sends a failure of the service as the last event. */
  async sendFailure(error: Failure): Promise<void> {
    await this.#send({ kind: "failed", error, position: this.#position });
  }

  get #position(): EventPosition {
    return { ...this.#output.decodedBytes, displays: this.#displays };
  }

  async #sendStart(start: ExecutionStart): Promise<void> {
    this.#hasStarted = true;
    await this.#send({ kind: "started", ...start, position: this.#position });
  }

  async #sendText(stream: OutputChunk["stream"], text: string): Promise<void> {
    if (text !== "") await this.#send({ kind: "output", stream, text, position: this.#position });
  }

  async #sendDisplay(data: MimeBundle): Promise<void> {
    this.#displays++;
    await this.#send({ kind: "display", data, position: this.#position });
  }
}

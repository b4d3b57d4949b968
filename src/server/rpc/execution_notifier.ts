import type { MimeBundle } from "../../core/cell.ts";
import type { Execution, OutputChunk } from "../../core/execution.ts";
import type { ExecutionStart, SubmitOptions } from "../../engine/port.ts";
import { OutputDecoder } from "../http/output_decoder.ts";
import type { Peer } from "./call_context.ts";
import { toCompletion, toFailure } from "./execution_view.ts";

/** Facts of an execution before it begins. */
export interface ExecutionFacts {
  readonly language?: string;
  readonly sessionId?: string;
}

/** Sends the notifications of one execution to a client, in order. */
export class ExecutionNotifier {
  readonly #peer: Peer;
  readonly #facts: ExecutionFacts;
  readonly #output = new OutputDecoder();
  #start: ExecutionStart | undefined;
  #seq = 0;

  constructor(peer: Peer, facts: ExecutionFacts) {
    this.#peer = peer;
    this.#facts = facts;
  }

  /** Options for submitting the execution, which notify of its start, output and displays. */
  get options(): Pick<SubmitOptions, "onDisplay" | "onOutput" | "onStart"> {
    return {
      onStart: (start) => this.#begin(start),
      onOutput: (chunk) => this.#sendText(chunk.stream, this.#output.decode(chunk)),
      onDisplay: (data) => this.#sendNumbered("execution.display", { data }),
    };
  }

  /** Notifies of the end. Returns when the client has read most notifications, or is gone. */
  async complete(execution: Execution): Promise<void> {
    if (this.#start === undefined) return;
    for (const { stream, text } of this.#output.end()) await this.#sendText(stream, text);
    await this.#send("execution.completed", toCompletion(execution, this.#peer));
  }

  /** Notifies of a failure of the service, not of the program. */
  async fail(error: unknown): Promise<void> {
    if (this.#start === undefined) return;
    await this.#send("execution.error", { executionId: this.#start.id, ...toFailure(error) });
  }

  /** Notifies of the start; later notifications need it. */
  #begin(start: ExecutionStart): void {
    this.#start = start;
    this.#send("execution.started", { executionId: start.id, ...this.#facts, runtime: start.runtime });
  }

  async #sendText(stream: OutputChunk["stream"], text: string): Promise<void> {
    if (text !== "") await this.#sendNumbered("execution.output", { stream, text });
  }

  /** Returns when the client has read most notifications, or is gone. */
  async #sendNumbered(
    method: string,
    params: { readonly stream: OutputChunk["stream"]; readonly text: string } | { readonly data: MimeBundle },
  ): Promise<void> {
    await this.#send(method, { executionId: this.#start?.id, ...params, seq: this.#seq++ });
  }

  async #send(method: string, params: object): Promise<void> {
    await this.#peer.notify?.(method, params);
  }
}

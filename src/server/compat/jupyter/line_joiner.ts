import type { OutputChunk } from "../../../core/execution.ts";

/** Longest wait for the end of a line, in ms. Progress bars move by it; IPython's kernel waits 200 ms. */
const MAX_WAIT_MS = 20;
/** Longest text that waits for the end of its line, in UTF-16 units. */
const MAX_LENGTH = 8_192;

/** Sends a text of a stream. Returns when there was room for it. */
export type SendText = (stream: OutputChunk["stream"], text: string) => Promise<void>;

/** Joins the pieces of printed lines. Python writes `print(a, b)` in four pieces. */
export class LineJoiner {
  readonly #send: SendText;
  #stream: OutputChunk["stream"] = "stdout";
  #held = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #room = Promise.resolve();

  constructor(send: SendText) {
    this.#send = send;
  }

  /** Takes a piece. Returns when there was room for what was sent. */
  write(stream: OutputChunk["stream"], text: string): Promise<void> {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#held += text;
    if (text.endsWith("\n") || this.#held.length >= MAX_LENGTH) return this.flush();
    this.#timer ??= setTimeout(() => this.flush(), MAX_WAIT_MS);
    return this.#room;
  }

  /** Sends what waits for the end of its line. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#held;
    this.#held = "";
    if (text !== "") this.#room = this.#send(this.#stream, text);
    return this.#room;
  }
}

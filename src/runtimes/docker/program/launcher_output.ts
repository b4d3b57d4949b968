import { concatBytes } from "../../../core/bytes/bytes.ts";
import { Buffer } from "node:buffer";
import type { OutputChunk, OutputStream } from "../../../core/execution.ts";
import { Demultiplexer } from "../engine/demultiplexer.ts";

/** The longest line that the launcher writes. */
const MAX_LINE_BYTES = 256;
const NEWLINE = 10;

/** A word of the launcher in the output of its program: `launch.sh` lists them. */
export interface LauncherEvent {
  readonly stream: OutputStream;
  readonly words: readonly string[];
}

/**
 * Reads what a container prints, and takes out what its launcher tells. Only the launcher knows the secret, so a program
 * that prints such a line forges nothing.
 */
export async function* readLauncherOutput(
  frames: AsyncIterable<Uint8Array>,
  secret: string,
): AsyncGenerator<OutputChunk | LauncherEvent> {
  const demultiplexer = new Demultiplexer();
  const scanners = { stdout: new EventScanner("stdout", secret), stderr: new EventScanner("stderr", secret) };
  for await (const bytes of frames) {
    for (const chunk of demultiplexer.push(bytes)) yield* scanners[chunk.stream].push(chunk.bytes);
  }
  yield* scanners.stdout.flush();
  yield* scanners.stderr.flush();
}

/** Tells the launcher's lines from everything else on one stream, wherever the borders of the chunks lie. */
class EventScanner {
  readonly #stream: OutputStream;
  readonly #prefix: Uint8Array;
  #held: Uint8Array = new Uint8Array();

  constructor(stream: OutputStream, secret: string) {
    this.#stream = stream;
    this.#prefix = new TextEncoder().encode(`\0${secret} `);
  }

  *push(bytes: Uint8Array): Generator<OutputChunk | LauncherEvent> {
    let rest = this.#held.length === 0 ? bytes : concatBytes([this.#held, bytes]);
    this.#held = new Uint8Array();
    for (let from = 0;;) {
      const at = this.#find(rest, from);
      if (at < 0) break;
      const line = this.#lineAt(rest, at);
      if (line === "none") {
        from = at + 1;
        continue;
      }
      if (at > 0) yield { stream: this.#stream, bytes: rest.subarray(0, at) };
      if (line === "unfinished") {
        this.#held = rest.slice(at);
        return;
      }
      yield { stream: this.#stream, words: line.text.split(" ") };
      rest = rest.subarray(line.end);
      from = 0;
    }
    if (rest.length > 0) yield { stream: this.#stream, bytes: rest };
  }

  /** What was held back and has become nothing. */
  *flush(): Generator<OutputChunk> {
    if (this.#held.length > 0) yield { stream: this.#stream, bytes: this.#held };
    this.#held = new Uint8Array();
  }

  /** Where the prefix stands, or where the bytes end in what may become one; programs print zeros by the million. */
  #find(bytes: Uint8Array, from: number): number {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(this.#prefix, from);
    if (whole >= 0) return whole;
    for (let at = Math.max(from, bytes.length - this.#prefix.length + 1); at < bytes.length; at++) {
      if (bytes.subarray(at).every((byte, index) => byte === this.#prefix[index])) return at;
    }
    return -1;
  }

  #lineAt(bytes: Uint8Array, at: number): "none" | "unfinished" | { readonly text: string; readonly end: number } {
    const seen = bytes.subarray(at, at + this.#prefix.length);
    if (!seen.every((byte, index) => byte === this.#prefix[index])) return "none";
    const end = bytes.indexOf(NEWLINE, at);
    const isWhole = seen.length === this.#prefix.length && end >= 0;
    if (!isWhole) return bytes.length - at > MAX_LINE_BYTES ? "none" : "unfinished";
    return { text: new TextDecoder().decode(bytes.subarray(at + this.#prefix.length, end)), end: end + 1 };
  }
}

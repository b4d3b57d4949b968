import { FrameScanner, type Reading } from "../../../core/bytes/frame_scanner.ts";
import type { OutputChunk, OutputStream } from "../../../core/execution.ts";
import { Demultiplexer } from "../engine/demultiplexer.ts";

/** The longest line that the launcher writes. */
const MAX_LINE_BYTES = 256;
const NEWLINE = 10;

/** A report of the launcher in the output of its program; `launch.sh` lists them. */
export interface LauncherEvent {
  readonly stream: OutputStream;
  readonly words: readonly string[];
}

/**
 * Separates the output of a program from the reports of its launcher. Only the launcher knows the secret, so that a
 * program cannot forge a report.
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

/** Separates reports from output on one stream. */
class EventScanner {
  readonly #stream: OutputStream;
  readonly #scanner: FrameScanner<string>;

  constructor(stream: OutputStream, secret: string) {
    this.#stream = stream;
    const begin = `\0${secret} `;
    this.#scanner = new FrameScanner(begin, (behind) => readLine(behind, MAX_LINE_BYTES - begin.length));
  }

  *push(bytes: Uint8Array): Generator<OutputChunk | LauncherEvent> {
    const stream = this.#stream;
    for (const piece of this.#scanner.push(bytes)) {
      if ("frame" in piece) yield { stream, words: piece.frame.split(" ") };
      else yield { stream, bytes: piece.bytes };
    }
  }

  /** The beginning of a report that was never completed. */
  *flush(): Generator<OutputChunk> {
    const bytes = this.#scanner.flush();
    if (bytes.length > 0) yield { stream: this.#stream, bytes };
  }
}

function readLine(behind: Uint8Array, maxBytes: number): Reading<string> {
  const end = behind.indexOf(NEWLINE);
  if (end < 0) return behind.length > maxBytes ? "no_frame" : "incomplete";
  return { frame: new TextDecoder().decode(behind.subarray(0, end)), length: end + 1 };
}

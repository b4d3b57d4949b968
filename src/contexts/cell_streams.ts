import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import type { OutputChunk, OutputStream } from "../core/execution.ts";
import { MEBIBYTE } from "../core/limits.ts";
import type { CellReport } from "../runtimes/port.ts";
import { CellOutput, type CellPiece } from "./cell_output.ts";
import { MAX_REPORT_BYTES, parseReport } from "./cell_report.ts";

/** Most bytes on one stream after the end of a cell there, until the other stream ends too. */
const MAX_EARLY_BYTES = 8 * MEBIBYTE;
const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];

/** Divides the output of a context's process into cells. Output between two cells belongs to the second. */
export class CellStreams {
  readonly #reader: ReadableStreamDefaultReader<OutputChunk>;
  /** The output after the end of the last cell. */
  readonly #early = {
    stdout: new CollectedBytes(MAX_EARLY_BYTES),
    stderr: new CollectedBytes(MAX_EARLY_BYTES),
  };

  constructor(output: ReadableStream<OutputChunk>) {
    this.#reader = output.getReader();
  }

  /**
   * Reads the output of one cell until both streams have ended it; undefined when the process ended before, or violated
   * the protocol.
   */
  async read(
    secret: string,
    print: (stream: OutputStream, bytes: Uint8Array) => Promise<void>,
  ): Promise<CellReport | undefined> {
    const outputs = new Map(
      STREAMS.map((stream) => [stream, new CellOutput(secret, { maxReportBytes: MAX_REPORT_BYTES })]),
    );
    const early = STREAMS.map((stream) => ({ stream, bytes: this.#early[stream].take() }));
    let report: CellReport | undefined;
    while (outputs.size > 0) {
      const chunk = early.shift() ?? (await this.#reader.read()).value;
      if (chunk === undefined) break;
      const { bytes, stream } = chunk;
      const output = outputs.get(stream);
      if (output === undefined) {
        if (!this.#early[stream].push(bytes)) return undefined;
        continue;
      }
      const piece = readPiece(output, bytes);
      if (piece === undefined) return undefined;
      await print(stream, piece.output);
      if (piece.end === undefined) continue;
      outputs.delete(stream);
      if (!this.#early[stream].push(piece.end.rest)) return undefined;
      if (stream === "stdout") report = parseReport(piece.end.report);
    }
    for (const [stream, output] of outputs) await print(stream, output.flush());
    return outputs.size > 0 ? undefined : report;
  }

  /** Discards the rest of the output. */
  async cancel(): Promise<void> {
    for (const stream of STREAMS) this.#early[stream].take();
    await this.#reader.cancel().catch(() => {}); // A stream that failed holds nothing.
  }
}

/** Undefined when the bytes violate the protocol. */
function readPiece(output: CellOutput, bytes: Uint8Array): CellPiece | undefined {
  try {
    return output.push(bytes);
  } catch {
    return undefined;
  }
}

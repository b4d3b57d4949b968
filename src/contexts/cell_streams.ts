import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import type { MimeBundle } from "../core/cell.ts";
import type { OutputChunk, OutputReader, OutputSource, OutputStream } from "../core/execution.ts";
import type { CellReport } from "../runtimes/port.ts";
import { CellDisplays } from "./cell_displays.ts";
import { CellOutput, type CellPiece } from "./cell_output.ts";
import { type CellQuestion, parseQuestion } from "./cell_question.ts";
import { MAX_REPORT_BYTES, parseReport } from "./cell_report.ts";

/**
 * Most bytes on one stream after a cell's end there, until the other ends too. No budget counts them, and a context
 * keeps them until its next cell: with 8 MiB, 160 contexts of 32 MB took 1.4 GB of the service.
 */
const MAX_EARLY_BYTES = 262_144;
const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];

/** Receives the output of a cell. The process waits for it. */
export interface CellReader {
  print(chunk: OutputChunk): Promise<void>;
  display(bundle: MimeBundle): Promise<void>;
  /** Begins to answer a question. The cell waits for the answer, and its output goes on being read. */
  ask(question: CellQuestion): void;
}

/** The report and the displays of a cell. */
export interface CellReading {
  /** Undefined when the process ended before its report, or violated the protocol. */
  readonly report: CellReport | undefined;
  readonly displays: readonly MimeBundle[];
}

/** Divides the output of a context's process into cells. Output between two cells belongs to the second. */
export class CellStreams {
  readonly #reader: OutputReader;
  /** The output after the end of the last cell. */
  readonly #early = {
    stdout: new CollectedBytes(MAX_EARLY_BYTES),
    stderr: new CollectedBytes(MAX_EARLY_BYTES),
  };

  constructor(output: OutputSource) {
    this.#reader = output.getReader();
  }

  /** Reads the output of one cell until both streams have ended it. */
  async read(secret: string, reader: CellReader): Promise<CellReading> {
    const displays = new CellDisplays();
    return { report: await this.#readReport(secret, { reader, displays }), displays: displays.all };
  }

  /** Discards the rest of the output. */
  async cancel(): Promise<void> {
    for (const stream of STREAMS) this.#early[stream].take();
    await this.#reader.cancel().catch(() => {}); // A stream that failed holds nothing.
  }

  async #readReport(
    secret: string,
    { reader, displays }: { readonly reader: CellReader; readonly displays: CellDisplays },
  ): Promise<CellReport | undefined> {
    const outputs = new Map(
      STREAMS.map((stream) => [stream, new CellOutput(secret, { maxReportBytes: MAX_REPORT_BYTES })]),
    );
    const early = STREAMS.map((stream) => ({ stream, bytes: this.#early[stream].take() }))
      .filter(({ bytes }) => bytes.length > 0);
    let report: CellReport | undefined;
    let hasErrorBegun = false;
    while (outputs.size > 0) {
      const chunk = early.shift() ?? (await this.#reader.read()).value;
      if (chunk === undefined) break;
      const { bytes, stream } = chunk;
      const output = outputs.get(stream);
      if (output === undefined) {
        if (!this.#early[stream].push(bytes)) return undefined;
        continue;
      }
      const pieces = readPieces(output, bytes);
      if (pieces === undefined) return undefined;
      for (const piece of pieces) {
        if (piece.kind === "output") {
          const isOfError = stream === "stderr" && hasErrorBegun;
          await reader.print({ stream, bytes: piece.bytes, ...(isOfError ? { isOfError } : {}) });
        } else if (piece.kind === "display" && stream === "stderr") hasErrorBegun = true;
        else if (piece.kind === "display") {
          const bundle = displays.add(piece.bytes);
          if (bundle === undefined) return undefined;
          await reader.display(bundle);
        } else if (piece.kind === "question") {
          const question = stream === "stdout" ? parseQuestion(piece.bytes) : undefined;
          if (question === undefined) return undefined;
          reader.ask(question);
        } else {
          outputs.delete(stream);
          if (!this.#early[stream].push(piece.rest)) return undefined;
          if (stream === "stdout") report = parseReport(piece.report);
        }
      }
    }
    for (const [stream, output] of outputs) await reader.print({ stream, bytes: output.flush() });
    return outputs.size > 0 ? undefined : report;
  }
}

/** Reads the pieces of a chunk; undefined when it violates the protocol. */
function readPieces(output: CellOutput, bytes: Uint8Array): CellPiece[] | undefined {
  try {
    return output.push(bytes);
  } catch {
    return undefined;
  }
}

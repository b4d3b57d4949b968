import type { OutputChunk } from "../../core/execution.ts";
import { OutputDecoder } from "../http/output_decoder.ts";

/** Interval of reports, in ms. */
const INTERVAL_MS = 1_000;
/** Most characters of a line in a report. */
const MAX_LINE_LENGTH = 200;

/** A report: seconds since the start, and the last line that the program printed. */
export interface ProgressReport {
  readonly progress: number;
  readonly message: string;
}

/** Reports the progress of one call each second, until it is disposed of. */
export class Progress implements Disposable {
  readonly #output = new OutputDecoder();
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #text = "";

  constructor(report: (progress: ProgressReport) => void, { intervalMs = INTERVAL_MS } = {}) {
    this.#timer = setInterval(() => {
      const progress = (performance.now() - this.#startedAt) / 1_000;
      report({ progress, message: lastLine(this.#text) ?? "running" });
    }, intervalMs);
  }

  /** Takes what the program prints. */
  add(chunk: OutputChunk): void {
    const text = this.#text + this.#output.decode(chunk);
    this.#text = text.slice(-2 * MAX_LINE_LENGTH);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function lastLine(text: string): string | undefined {
  const line = text.trimEnd().split("\n").at(-1)?.trim();
  return line === "" ? undefined : line?.slice(-MAX_LINE_LENGTH);
}

import { concatBytes } from "../../core/bytes/bytes.ts";
import { decodeUtf8, unfinishedLength } from "../../core/bytes/utf8.ts";
import type { OutputChunk, OutputStream } from "../../core/execution.ts";

const NOTHING = new Uint8Array();

/** Decodes the output of one program to text, joining characters that chunks divide. */
export class OutputDecoder {
  readonly #unfinished: Record<OutputStream, Uint8Array> = { stdout: NOTHING, stderr: NOTHING };
  readonly #decodedBytes: Record<OutputStream, number> = { stdout: 0, stderr: 0 };

  /** Decoded bytes of each stream: up to the last complete character. */
  get decodedBytes(): Readonly<Record<OutputStream, number>> {
    return this.#decodedBytes;
  }

  /** Decodes the complete characters so far. */
  decode({ stream, bytes }: OutputChunk): string {
    const all = concatBytes([this.#unfinished[stream], bytes]);
    const length = all.length - unfinishedLength(all);
    this.#unfinished[stream] = all.slice(length);
    this.#decodedBytes[stream] += length;
    return decodeUtf8(all.subarray(0, length));
  }

  /** Decodes the rest of each stream at its end: characters that were never completed. */
  *end(): Generator<{ readonly stream: OutputStream; readonly text: string }> {
    for (const stream of ["stdout", "stderr"] as const) {
      const rest = this.#unfinished[stream];
      if (rest.length === 0) continue;
      this.#unfinished[stream] = NOTHING;
      this.#decodedBytes[stream] += rest.length;
      yield { stream, text: decodeUtf8(rest) };
    }
  }
}

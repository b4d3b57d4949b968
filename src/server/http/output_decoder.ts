import type { OutputChunk, OutputStream } from "../../core/execution.ts";

/** Decodes the output of one program to text, joining characters that chunks divide. */
export class OutputDecoder {
  readonly #decoders: Readonly<Record<OutputStream, TextDecoder>> = {
    stdout: new TextDecoder("utf-8", { ignoreBOM: true }),
    stderr: new TextDecoder("utf-8", { ignoreBOM: true }),
  };

  /** The complete characters so far. */
  decode({ stream, bytes }: OutputChunk): string {
    return this.#decoders[stream].decode(bytes, { stream: true });
  }

  /** The rest of each stream at its end: characters that were never completed. */
  end(): { readonly stream: OutputStream; readonly text: string }[] {
    return (["stdout", "stderr"] as const)
      .map((stream) => ({ stream, text: this.#decoders[stream].decode() }))
      .filter(({ text }) => text !== "");
  }
}

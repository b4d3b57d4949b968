import type { OutputChunk, OutputStream } from "../../core/execution.ts";

/** Puts what one program prints into text; characters that its chunks divide are whole again. */
export class OutputDecoder {
  readonly #decoders: Readonly<Record<OutputStream, TextDecoder>> = {
    stdout: new TextDecoder("utf-8", { ignoreBOM: true }),
    stderr: new TextDecoder("utf-8", { ignoreBOM: true }),
  };

  /** The text that is whole by now. */
  decode({ stream, bytes }: OutputChunk): string {
    return this.#decoders[stream].decode(bytes, { stream: true });
  }

  /** What is left of the streams when nothing more comes: characters that never became whole. */
  end(): { readonly stream: OutputStream; readonly text: string }[] {
    return (["stdout", "stderr"] as const)
      .map((stream) => ({ stream, text: this.#decoders[stream].decode() }))
      .filter(({ text }) => text !== "");
  }
}

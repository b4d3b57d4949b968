import { concatBytes } from "../core/bytes/bytes.ts";
import { type KeptBytes, streamLength } from "../core/bytes/kept_bytes.ts";
import type { Execution, OutputStream, RawBytes, RawOutput } from "../core/execution.ts";

const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];
const REPLACEMENT = "\ufffd";

/**
 * Encodes the kept bytes of streams that their text cannot restore. Such streams are no UTF-8: without their bytes,
 * positions in the record would not be those of the live events. Undefined when the text restores both.
 */
export function rawOutputOf(
  execution: Execution,
  output: Readonly<Record<OutputStream, KeptBytes>>,
): RawOutput | undefined {
  const lossy = STREAMS.filter((stream) =>
    execution[stream].includes(REPLACEMENT) &&
    streamLength(textBytes(execution, stream)) !== streamLength(output[stream])
  );
  if (lossy.length === 0) return undefined;
  return Object.fromEntries(lossy.map((stream) => [stream, encode(output[stream])]));
}

/** Decodes the kept bytes of a recorded stream. */
export function recordedBytes(execution: Execution, raw: RawOutput, stream: OutputStream): KeptBytes {
  const bytes = raw[stream];
  if (bytes === undefined) return textBytes(execution, stream);
  const { head, gapBytes, tail } = bytes;
  return { head: Uint8Array.fromBase64(head), gapBytes, tail: [Uint8Array.fromBase64(tail)] };
}

function textBytes(execution: Execution, stream: OutputStream): KeptBytes {
  const { [stream]: text, truncated, truncatedAt } = execution;
  const gapAt = truncatedAt?.[stream] ?? text.length;
  const encoder = new TextEncoder();
  return {
    head: encoder.encode(text.slice(0, gapAt)),
    gapBytes: truncated[stream],
    tail: [encoder.encode(text.slice(gapAt))],
  };
}

function encode({ head, gapBytes, tail }: KeptBytes): RawBytes {
  return { head: head.toBase64(), gapBytes, tail: concatBytes(tail).toBase64() };
}

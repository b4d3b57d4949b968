import type { Duplex } from "node:stream";

/** The two directions of an attached stream. The output is in the Engine's frames. */
export interface Attachment extends Disposable {
  readonly frames: AsyncIterable<Uint8Array>;
  readonly stdin: WritableStream<Uint8Array>;
}

/** Half-closing the socket is how the Engine is told that stdin has ended. */
export function toAttachment(opened: NodeJS.ReadWriteStream, signal: AbortSignal): Attachment {
  const stream = opened as Duplex;
  stream.on("error", () => {}); // Whoever reads or writes is told; without a listener it would end this process.
  if (signal.aborted) {
    stream.destroy(); // It came too late, and nobody waits for it.
    signal.throwIfAborted();
  }
  return {
    frames: stream,
    stdin: new WritableStream<Uint8Array>({
      write: (bytes) =>
        new Promise((resolve, reject) => stream.write(bytes, (error) => error ? reject(error) : resolve())),
      close: () => new Promise((resolve) => stream.end(() => resolve())),
    }),
    [Symbol.dispose]: () => stream.destroy(),
  };
}

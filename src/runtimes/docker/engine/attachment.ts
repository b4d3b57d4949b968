import type { Duplex } from "node:stream";

/** An attached stream. Its output comes in the Engine's frames. */
export interface Attachment extends Disposable {
  readonly frames: AsyncIterable<Uint8Array>;
  readonly stdin: WritableStream<Uint8Array>;
}

/** Wraps a stream of dockerode. Closing stdin half-closes the socket, which the Engine takes as the end of stdin. */
export function toAttachment(opened: NodeJS.ReadWriteStream, signal: AbortSignal): Attachment {
  const stream = opened as Duplex;
  stream.on("error", () => {}); // Reading and writing fail with this error; without a listener it would end this process.
  if (signal.aborted) {
    stream.destroy(); // The stream came after the deadline.
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

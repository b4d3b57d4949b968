/** The same bytes, each piece 5 ms after the one before. */
export function slowly(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(bytes, controller) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(bytes);
      },
    }),
  );
}

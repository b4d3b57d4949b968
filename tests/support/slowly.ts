import { delay } from "../../src/concurrency/delay.ts";

/** The same bytes, each piece 5 ms after the one before. Leaves no timer behind when it is cancelled. */
export function slowly(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  const cancelling = new AbortController();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await delay(5, { signal: cancelling.signal });
      const { done, value } = await reader.read();
      if (cancelling.signal.aborted) return;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      cancelling.abort();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

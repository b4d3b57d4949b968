import type { OutputChunk, OutputStream } from "../core/execution.ts";

/** Longest read without data once the program has ended. So an orphan that holds the pipe open delays nothing. */
const DRAIN_IDLE_MS = 250;

/** A source of chunks. `read` returns undefined, or fails, at the end; `cancel` makes a read that hangs return. */
export interface ChunkSource {
  readonly stream: OutputStream;
  read(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

/**
 * Merges a program's two streams into one, in the order in which the chunks arrive. The merged stream reads ahead one
 * chunk a source and no more, so a slow consumer slows the program down and costs no memory.
 */
export function mergeOutput(sources: readonly ChunkSource[], ended: Promise<unknown>): ReadableStream<OutputChunk> {
  let wanted = Promise.withResolvers<void>();
  let chunks = 0;
  let isBlocked = false;
  let isOver = false;
  let idleTimer: ReturnType<typeof setInterval> | undefined;
  const cancelAll = () => Promise.allSettled(sources.map((source) => source.cancel())); // A source that has failed is at its end.
  const stop = () => {
    isOver = true;
    clearInterval(idleTimer);
  };

  async function pump(source: ChunkSource, controller: ReadableStreamDefaultController<OutputChunk>): Promise<void> {
    for (;;) {
      const bytes = await source.read().catch(() => undefined);
      if (bytes === undefined) return;
      chunks++;
      if (bytes.length > 0) controller.enqueue({ stream: source.stream, bytes });
      while ((controller.desiredSize ?? 0) <= 0) {
        isBlocked = true;
        await wanted.promise;
      }
    }
  }

  return new ReadableStream<OutputChunk>({
    start(controller) {
      ended.then(() => {
        if (isOver) return;
        let seen = chunks;
        idleTimer = setInterval(() => {
          if (!isBlocked && seen === chunks) cancelAll();
          seen = chunks;
        }, DRAIN_IDLE_MS);
      });
      Promise.all(sources.map((source) => pump(source, controller))).then(() => {
        if (!isOver) controller.close();
        stop();
      }, stop);
    },
    pull() {
      isBlocked = false;
      wanted.resolve();
      wanted = Promise.withResolvers();
    },
    async cancel() {
      stop();
      await cancelAll();
    },
  });
}

import type { OutputSource, OutputStream } from "../core/execution.ts";
import { OutputQueue } from "./output_queue.ts";

/** Longest read without data once the program has ended. So an orphan that holds the pipe open delays nothing. */
const DRAIN_IDLE_MS = 250;

/** A source of chunks. `read` returns undefined, or fails, at the end; `cancel` makes a read that hangs return. */
export interface ChunkSource {
  readonly stream: OutputStream;
  read(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

/**
 * Merges a program's two streams into one, in the order in which the chunks arrive. It reads ahead one chunk a source
 * and no more, so a slow consumer slows the program down and costs no memory.
 */
export function mergeOutput(sources: readonly ChunkSource[], ended: Promise<unknown>): OutputSource {
  let chunks = 0;
  let isOver = false;
  let idleTimer: ReturnType<typeof setInterval> | undefined;
  const cancelAll = () => Promise.allSettled(sources.map((source) => source.cancel())); // A source that has failed is at its end.
  const stop = () => {
    isOver = true;
    clearInterval(idleTimer);
  };
  const queue = new OutputQueue({
    onCancel() {
      stop();
      return cancelAll();
    },
  });

  async function pump(source: ChunkSource): Promise<void> {
    for (;;) {
      const bytes = await source.read().catch(() => undefined);
      if (bytes === undefined) return;
      if (bytes.length > 0) queue.push({ stream: source.stream, bytes });
      await queue.waitForRoom();
      chunks++; // It counts once it is taken: its reader may have paused for long.
    }
  }

  ended.then(() => {
    if (isOver) return;
    let seen = chunks;
    idleTimer = setInterval(() => {
      if (queue.hasRoom && seen === chunks) cancelAll();
      seen = chunks;
    }, DRAIN_IDLE_MS);
  });
  Promise.all(sources.map(pump)).then(() => {
    queue.close();
    stop();
  });
  return queue;
}

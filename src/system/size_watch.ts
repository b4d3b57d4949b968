import { join } from "@std/path";

/** How long it rests between two looks, in ms. */
const REST_MS = 100;

/** What st_blocks counts, and what an entry costs that has none (stat(2)). */
const BLOCK_BYTES = 512;

/** Looks again and again at how large a directory grows, until it is stopped. */
export class SizeWatch {
  readonly #path: string;
  readonly #limitBytes: number;
  readonly #onExceeded: (observedBytes: number) => void;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #watching: Promise<void>;
  #isStopped = false;

  /** @param options.onExceeded is called at each look that finds more than `limitBytes` */
  constructor(
    path: string,
    options: { readonly limitBytes: number; onExceeded(observedBytes: number): void },
  ) {
    this.#path = path;
    this.#limitBytes = options.limitBytes;
    this.#onExceeded = options.onExceeded;
    this.#watching = this.#watch();
  }

  /** Stops, after a last look. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped.resolve();
    await this.#watching;
    await this.#look();
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped) {
      await this.#look().catch(() => {}); // What cannot be looked at now is looked at again.
      const rest = Promise.withResolvers<void>();
      const timer = setTimeout(rest.resolve, REST_MS);
      await Promise.race([rest.promise, this.#stopped.promise]);
      clearTimeout(timer);
    }
  }

  async #look(): Promise<void> {
    const observed = await treeSize(this.#path);
    if (observed > this.#limitBytes) this.#onExceeded(observed);
  }
}

/** What everything in a directory takes on its disk, in bytes; what goes meanwhile counts nothing. */
export async function treeSize(path: string): Promise<number> {
  const pending = [path];
  let bytes = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const { name, isDirectory } of await entriesOf(directory)) {
      const child = join(directory, name);
      if (isDirectory) pending.push(child);
      const blocks = await Deno.lstat(child).then((info) => info.blocks, () => 0); // It is gone.
      bytes += Math.max(blocks ?? 0, 1) * BLOCK_BYTES;
    }
  }
  return bytes;
}

async function entriesOf(directory: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(directory));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

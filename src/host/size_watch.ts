import { join } from "@std/path";
import { delay } from "../concurrency/delay.ts";

/** The unit of st_blocks, and the cost of an entry without blocks (stat(2)). */
export const BLOCK_BYTES = 512;

/** The contents of a directory, in bytes and files. */
export interface DiskUsage {
  readonly bytes: number;
  readonly files: number;
}

/** Whether a usage is above bounds, in bytes or in files. */
export function exceeds(used: DiskUsage, bounds: DiskUsage): boolean {
  return used.bytes > bounds.bytes || used.files > bounds.files;
}

/** Files to measure before other tasks get their turn. */
const FILES_PER_TURN = 256;
const NO_BOUNDS = { bytes: Number.MAX_SAFE_INTEGER, files: Number.MAX_SAFE_INTEGER };
const REST_MS = 20;
/** Least time between two measurements while nothing writes. */
const IDLE_REST_MS = 200;
/** Most of the time that measuring may take. A directory of many files is measured less often. */
const MAX_POLL_SHARE = 1 / 4;

/** The usage to watch, its bounds, and the pace. */
export interface SizeWatchOptions {
  /** The bounds now. What passes only those from before a measurement, or only those from after it, is within them. */
  bounds(): DiskUsage;
  /** Least time between two measurements, in ms; 20 when absent. */
  readonly restMs?: number;
  /** Whether nothing writes now. Then the size is measured every 200 ms. Absent, something may. */
  isIdle?(): boolean;
  measure(): Promise<DiskUsage> | DiskUsage;
  /** Called after each measurement above the bounds. */
  onExceeded(observed: DiskUsage): void;
}

/** Polls a size until it is stopped. */
export class SizeWatch {
  readonly #options: SizeWatchOptions;
  readonly #watching: Promise<void>;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the rest between two measurements. */
  #endRest = () => {};
  #isIdle = false;

  constructor(options: SizeWatchOptions) {
    this.#options = options;
    this.#watching = this.#watch();
  }

  /** Stops, after a last measurement. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#endRest();
    await this.#watching;
    await this.#measure().catch(() => {}); // The directory is gone.
  }

  /** Ends a rest, since something is about to write. The next measurement follows soon. */
  expectWork(): void {
    if (!this.#isIdle || this.#isStopped) return;
    this.#isIdle = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#endRest, REST_MS);
  }

  async #watch(): Promise<void> {
    const { isIdle, restMs = REST_MS } = this.#options;
    while (!this.#isStopped) {
      const beganAt = performance.now();
      await this.#measure().catch(() => {}); // The next measurement may succeed.
      const tookMs = performance.now() - beganAt;
      this.#isIdle = isIdle?.() ?? false;
      await this.#rest(Math.max(this.#isIdle ? IDLE_REST_MS : restMs, tookMs / MAX_POLL_SHARE - tookMs));
    }
  }

  #rest(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endRest = resolve;
    this.#timer = setTimeout(resolve, ms);
    return promise;
  }

  async #measure(): Promise<void> {
    const { onExceeded } = this.#options;
    const bounds = this.#options.bounds();
    const observed = await this.#options.measure();
    if (exceeds(observed, bounds) && exceeds(observed, this.#options.bounds())) onExceeded(observed);
  }
}

/**
 * Measures everything in a directory. An entry that is removed meanwhile counts nothing. A directory that cannot be
 * read, as it lies too deep or is closed to the service, counts as more than any bounds.
 *
 * @param options.bounds counting stops above them, which bounds the time that it takes
 * @throws the reason of `options.signal`
 */
export async function treeUsage(
  path: string,
  { bounds = NO_BOUNDS, signal }: { readonly bounds?: DiskUsage; readonly signal?: AbortSignal | undefined } = {},
): Promise<DiskUsage> {
  const pending = [path];
  let [bytes, files] = [0, 0];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    try {
      for await (const { name, isDirectory } of Deno.readDir(directory)) {
        const child = join(directory, name);
        if (isDirectory) pending.push(child);
        bytes += Math.max(blocksOf(child), 1) * BLOCK_BYTES;
        files++;
        if (exceeds({ bytes, files }, bounds)) return { bytes, files };
        if (files % FILES_PER_TURN !== 0) continue;
        await delay(0);
        signal?.throwIfAborted();
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isGone(error)) return { bytes: Math.max(bytes, bounds.bytes + 1), files };
    }
  }
  return { bytes, files };
}

/**
 * The blocks of a file, by a synchronous call. A trip through the thread pool takes longer than the call, and much
 * longer where programs leave the pool no time.
 */
function blocksOf(path: string): number {
  try {
    return Deno.lstatSync(path).blocks ?? 0;
  } catch {
    return 0; // The file is gone.
  }
}

/** Whether the directory is gone. Another entry may have taken its name. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

import { join } from "@std/path";

/**
 * A JSON object in a file of the home. Best effort: an unreadable file counts as empty, and a failed write is dropped.
 * Entries are written one after the other.
 */
export class StoredRecord {
  readonly #path: string | undefined;
  readonly #maxEntries: number;
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param home undefined where nothing is stored
   * @param options.maxEntries the most entries; the oldest are dropped
   */
  constructor(
    home: string | undefined,
    { file, maxEntries = Number.POSITIVE_INFINITY }: { readonly file: string; readonly maxEntries?: number },
  ) {
    this.#path = home === undefined ? undefined : join(home, file);
    this.#maxEntries = maxEntries;
  }

  /** The value of an entry; undefined where there is none. */
  async get(key: string): Promise<unknown> {
    return (await this.#read()).get(key);
  }

  /** Writes an entry, after all earlier ones. */
  set(key: string, value: unknown): Promise<void> {
    return this.#writing = this.#writing.then(() => this.#write(key, value));
  }

  async #write(key: string, value: unknown): Promise<void> {
    if (this.#path === undefined) return;
    const fresh = `${this.#path}.${crypto.randomUUID()}`;
    try {
      const entries = await this.#read();
      entries.delete(key);
      const kept = [...entries, [key, value] as const].slice(-this.#maxEntries);
      await Deno.writeTextFile(fresh, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 });
      await Deno.rename(fresh, this.#path);
    } catch {
      await Deno.remove(fresh).catch(() => {}); // Best effort: the next process does not find the entry.
    }
  }

  async #read(): Promise<Map<string, unknown>> {
    try {
      const stored: unknown = this.#path === undefined ? {} : JSON.parse(await Deno.readTextFile(this.#path));
      return new Map(typeof stored === "object" && stored !== null ? Object.entries(stored) : []);
    } catch {
      return new Map(); // There is no file yet, or it is no JSON.
    }
  }
}

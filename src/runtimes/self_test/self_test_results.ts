import { join } from "@std/path";

const FILE = "self_test.json";

/**
 * The versions of subjects that passed their self-test, stored in a home for later processes. Without a home that can
 * be written, nothing is stored.
 */
export class SelfTestResults {
  readonly #path: string | undefined;
  /** All subjects share one file, so they are written one after the other. */
  #writing: Promise<void> = Promise.resolve();

  /** @param home undefined where nothing is stored */
  constructor(home: string | undefined) {
    this.#path = home === undefined ? undefined : join(home, FILE);
  }

  /** Whether a subject has passed in this version. */
  async has(subject: string, version: string): Promise<boolean> {
    return (await this.#read())[subject] === version;
  }

  add(subject: string, version: string): Promise<void> {
    return this.#writing = this.#writing.then(() => this.#add(subject, version));
  }

  async #add(subject: string, version: string): Promise<void> {
    if (this.#path === undefined) return;
    const fresh = `${this.#path}.${crypto.randomUUID()}`;
    try {
      await Deno.writeTextFile(fresh, JSON.stringify({ ...await this.#read(), [subject]: version }), { mode: 0o600 });
      await Deno.rename(fresh, this.#path);
    } catch {
      await Deno.remove(fresh).catch(() => {}); // Best effort: the next process tests again.
    }
  }

  async #read(): Promise<Record<string, unknown>> {
    try {
      const stored: unknown = this.#path === undefined ? {} : JSON.parse(await Deno.readTextFile(this.#path));
      return typeof stored === "object" && stored !== null ? { ...stored } : {};
    } catch {
      return {}; // There is no file yet, or it is no JSON.
    }
  }
}

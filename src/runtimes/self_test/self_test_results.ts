import { join } from "@std/path";

const FILE = "self_test.json";

/**
 * Which self-tests have passed, kept in a home from one process to the next as long as what was tested is the same.
 * Where there is no home, or it cannot be written, nothing is remembered.
 */
export class SelfTestResults {
  readonly #path: string | undefined;
  /** Several subjects may pass at the same time, and share one file. */
  #writing: Promise<void> = Promise.resolve();

  /** @param home undefined where nothing is kept */
  constructor(home: string | undefined) {
    this.#path = home === undefined ? undefined : join(home, FILE);
  }

  /** Whether a subject has passed when it was what `version` says. */
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
      await Deno.remove(fresh).catch(() => {}); // It was not made: the next process tests again.
    }
  }

  async #read(): Promise<Record<string, unknown>> {
    try {
      const kept: unknown = this.#path === undefined ? {} : JSON.parse(await Deno.readTextFile(this.#path));
      return typeof kept === "object" && kept !== null ? { ...kept } : {};
    } catch {
      return {}; // There is none yet, or it is none of ours.
    }
  }
}

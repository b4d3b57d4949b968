import { StoredRecord } from "../../host/stored_record.ts";

const FILE = "self_test.json";

/**
 * The versions of subjects that passed their self-test, stored in a home for later processes. Without a home that can
 * be written, nothing is stored.
 */
export class SelfTestResults {
  readonly #versions: StoredRecord;

  /** @param home undefined where nothing is stored */
  constructor(home: string | undefined) {
    this.#versions = new StoredRecord(home, { file: FILE });
  }

  /** Whether a subject has passed in this version. */
  async has(subject: string, version: string): Promise<boolean> {
    return await this.#versions.get(subject) === version;
  }

  add(subject: string, version: string): Promise<void> {
    return this.#versions.set(subject, version);
  }
}

import type { RuntimeEntry } from "../src/runtimes/entry.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { DIALECTS } from "../tests/support/dialects/mod.ts";

/** A runtime and the program that benches run on it. */
export interface BenchSubject {
  readonly entry: RuntimeEntry;
  readonly language: string;
  /** Prints one line. */
  readonly code: string;
}

/** Every runtime, with a language that it keeps warm. */
export async function benchSubjects(): Promise<BenchSubject[]> {
  return await Promise.all(RUNTIMES.map(async (entry) => {
    const { warmLanguages: [language = ""] } = await entry.loadTestSubjects();
    const code = DIALECTS[language]?.hello;
    if (code === undefined) throw new Error(`No program is known for ${entry.name}/${language}`);
    return { entry, language, code };
  }));
}

import type { RuntimeEntry } from "../src/runtimes/entry.ts";
import { RUNTIMES } from "../src/runtimes/registry.ts";
import { DIALECTS, encodeProgram } from "../tests/support/dialects/mod.ts";

/** A runtime and the program that benches run on it. */
export interface BenchSubject {
  readonly entry: RuntimeEntry;
  readonly language: string;
  /** The main file of a program that prints one line. */
  readonly program: Uint8Array<ArrayBuffer>;
}

/** Every runtime that keeps a language warm, with that; without those whose programs cannot be made on this machine. */
export async function benchSubjects(): Promise<BenchSubject[]> {
  const subjects = await Promise.all(RUNTIMES.map(async (entry) => {
    const { onlyComputes = false, warmLanguages: [language = ""] } = await entry.loadTestSubjects();
    if (onlyComputes) return []; // Its slots have a bench of their own.
    const dialect = DIALECTS[language];
    if (dialect === undefined) throw new Error(`No program is known for ${entry.name}/${language}`);
    if (await dialect.needs?.availability().then(({ available }) => !available)) return [];
    return [{ entry, language, program: await encodeProgram(dialect, dialect.hello) }];
  }));
  return subjects.flat();
}

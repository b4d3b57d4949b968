import type { RuntimeEntry, TestSubjects } from "../entry.ts";
import type { Release } from "./release.ts";
import { settingsFor, settingsOf } from "./settings.ts";

/** What is a runtime's own of {@link releasedEntry}; its dialects are those of the languages of which it has a part. */
export interface ReleasedEntry extends Pick<RuntimeEntry, "facts" | "load">, Required<Pick<TestSubjects, "dialects">> {}

/** The entry of a runtime that has the name of its binary, a release of npm's that can be installed. */
export function releasedEntry(release: Release, { dialects, facts, load }: ReleasedEntry): RuntimeEntry {
  const name = release.binary;
  return {
    name,
    settings: settingsFor(name),
    commands: [],
    install: async (request) => {
      const { installRelease } = await import("./install_release.ts");
      return await installRelease(release, { ...request, registry: settingsOf(name, request).npmRegistry });
    },
    facts,
    load,
    loadTestSubjects: async () => (await import("./released_subjects.ts")).releasedSubjects(name, { dialects }),
  };
}

import type { RuntimeEntry, TestSubjects } from "../entry.ts";
import type { Release } from "./release.ts";
import { settingsFor, settingsOf } from "./settings.ts";

/** A runtime's own part of {@link releasedEntry}. Its dialects are those of the languages of which it has a part. */
export interface ReleasedEntry extends Pick<RuntimeEntry, "facts" | "load">, Required<Pick<TestSubjects, "dialects">> {}

/** The entry of a runtime with its binary's name, an installable release of npm's. */
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
    isInstalled: async (home) => (await import("./release.ts")).findInstalled(release, home) !== undefined,
    facts,
    load,
    loadTestSubjects: async () => (await import("./released_subjects.ts")).releasedSubjects(name, { dialects }),
  };
}

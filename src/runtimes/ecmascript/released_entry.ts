import type { RuntimeEntry } from "../entry.ts";
import type { Release } from "./release.ts";
import { settingsFor, settingsOf } from "./settings.ts";

/** The entry of a runtime that has the name of its binary, a release of npm's that can be installed. */
export function releasedEntry(
  release: Release,
  own: Pick<RuntimeEntry, "facts" | "load" | "loadTestSubjects">,
): RuntimeEntry {
  const name = release.binary;
  return {
    name,
    settings: settingsFor(name),
    commands: [],
    install: async (request) => {
      const { installRelease } = await import("./install_release.ts");
      return await installRelease(release, { ...request, registry: settingsOf(name, request).npmRegistry });
    },
    ...own,
  };
}

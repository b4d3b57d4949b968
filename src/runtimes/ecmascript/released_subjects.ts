import { UNSEEN_DENIALS } from "../denials/unseen_denials.ts";
import type { TestSubjects } from "../entry.ts";

/** The categories that the layers decide. Programs of another runtime meet every attack under the same layers. */
const CATEGORIES_OF_LAYERS = ["files", "links", "network", "environment", "processes"];

/** The test subjects of a runtime that has the name of its binary, a release. */
export function releasedSubjects(
  name: string,
  { dialects }: Required<Pick<TestSubjects, "dialects">>,
): TestSubjects {
  return {
    deviations: () => UNSEEN_DENIALS,
    warmLanguages: [name],
    dialects,
    usesHostLayers: true,
    shellEnvironment: name,
    attackSubjects: {
      [`${name} in namespaces`]: { needs: "namespaces", languages: ["ecmascript"] },
      [`${name} in namespaces, warm`]: {
        needs: "namespaces",
        languages: ["ecmascript"],
        categories: ["configuration", "environment"],
        isWarm: true,
      },
      [`${name} in namespaces, in a context`]: {
        needs: "namespaces",
        languages: ["ecmascript"],
        categories: ["environment", "time"],
        runsCells: true,
      },
      [`${name} under Landlock`]: {
        needs: "landlock",
        without: ["namespaces", "cgroup", "tmpfs"],
        languages: ["ecmascript"],
        categories: CATEGORIES_OF_LAYERS,
      },
    },
  };
}

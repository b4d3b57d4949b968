import type { Availability } from "../../src/core/capabilities.ts";
import type { Confinement } from "../../src/sandbox/confinement.ts";
import type { LayerName } from "../../src/sandbox/layers.ts";

/** The layers of the operating system by the names that `CODEBEAKER_REQUIRE` knows them by. */
const LAYERS = {
  bubblewrap: "namespaces",
  landlock: "landlock",
  seccomp: "seccomp",
  setpriv: "no_new_privs",
  own_user: "own_user",
  rlimits: "rlimits",
  cgroup: "cgroup",
  tmpfs: "tmpfs",
} as const satisfies Record<string, LayerName>;

/** What a test may require of the operating system. */
export type LayerRequirement = keyof typeof LAYERS;

/** Every layer. */
export const ALL_LAYERS: readonly LayerName[] = Object.values(LAYERS);

/** Whether a layer is on, and why not. */
export function layerAvailability({ findings }: Confinement, requirement: LayerRequirement): Availability {
  const finding = findings.find(({ name }) => name === LAYERS[requirement]);
  if (finding?.active === true) return { available: true };
  return { available: false, reason: finding?.detail ?? "a stronger layer is used in its place" };
}

/** Layers of the operating system that a service may find itself with. */
export interface LayerCombination {
  readonly title: string;
  readonly without: readonly LayerName[];
  /** What must be there for it to be another combination than the next one. */
  readonly needs: readonly LayerRequirement[];
}

/** From everything to nothing. */
export const LAYER_COMBINATIONS: readonly LayerCombination[] = [
  { title: "every layer", without: [], needs: ["bubblewrap"] },
  // As in a container with Docker's defaults.
  { title: "Landlock and no namespaces", without: ["namespaces", "cgroup", "tmpfs"], needs: ["landlock"] },
  { title: "neither namespaces nor Landlock", without: ["namespaces", "landlock"], needs: ["setpriv"] },
  { title: "no layer", without: ALL_LAYERS, needs: [] },
];

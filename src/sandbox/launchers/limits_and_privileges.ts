import type { ConfinementRequest } from "../confinement_request.ts";
import { resourceLimits } from "../kernel_bounds.ts";
import type { Layers } from "../layers.ts";
import { landlockOptions } from "./landlock.ts";
import type { limitingShell } from "./limiting_shell.ts";
import { SETPRIV_OPTIONS, userOptions } from "./setpriv.ts";

/** The arguments of the shell that limits a program. Undefined where the shell has nothing to do. */
export function limitsOf(
  layers: Layers,
  request: ConfinementRequest,
  { groupFiles }: { readonly groupFiles: readonly string[] },
): Parameters<typeof limitingShell> | undefined {
  const { bubblewrap, hasLimits } = layers;
  const filterPath = bubblewrap === undefined ? undefined : filterFor(layers, request);
  if (!hasLimits && filterPath === undefined && groupFiles.length === 0) return undefined;
  return [hasLimits ? resourceLimits(request, { hasCgroup: groupFiles.length > 0 }) : undefined, {
    filterPath,
    groupFiles,
    hidesDirectory: bubblewrap !== undefined,
  }];
}

/** The command line of setpriv. It sets another user and no new privilege; without bubblewrap also few files and calls. */
export function privilegesOf(layers: Layers, request: ConfinementRequest): string[] {
  const { bubblewrap, hasLandlock, setpriv } = layers;
  if (setpriv === undefined) return [];
  const filterPath = filterFor(layers, request);
  const isInnermost = bubblewrap === undefined;
  return [
    setpriv,
    ...SETPRIV_OPTIONS,
    ...userOptions(request.directory.uid),
    ...(isInnermost && hasLandlock ? landlockOptions(request) : []),
    ...(isInnermost && filterPath !== undefined ? ["--seccomp-filter", filterPath] : []),
  ];
}

function filterFor(
  { bubblewrap, filters }: Layers,
  { hasNetwork, startsOthers }: ConfinementRequest,
): string | undefined {
  return filters?.({ hasNetwork, sharesNamespaces: startsOthers && bubblewrap === undefined });
}

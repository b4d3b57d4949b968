import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import type { SelectionRequest } from "../../core/requests/selection_request.ts";
import type { RankOptions } from "./filters.ts";
import type { Ranking } from "./ranking.ts";

/** The most rankings that are kept; the oldest is dropped. */
const MAX_KEPT = 64;

/** A ranking, and the revision of everything that it depends on. */
export interface KeptRanking {
  readonly ranking: Ranking;
  readonly revision: number;
}

/** Rankings by the shapes of their requests. One holds for later requests until the revision grows. */
export class KeptRankings {
  readonly #kept = new Map<string, KeptRanking>();

  find(shape: string, revision: number): Ranking | undefined {
    const kept = this.#kept.get(shape);
    return kept?.revision === revision ? kept.ranking : undefined;
  }

  keep(shape: string, ranking: KeptRanking): void {
    this.#kept.delete(shape);
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? "");
    this.#kept.set(shape, ranking);
  }
}

/**
 * The facts of a request that its ranking depends on, as a text. Undefined for a request with permissions, inputs or
 * variables, and for a program that needs more than its language has.
 */
export function shapeOf(
  { env = {}, language, limits, minIsolation = 0, permissions, preference, runtime }: SelectionRequest & {
    readonly env?: Readonly<Record<string, string>>;
  },
  { inputs = [], installs = false, isPatient = false, needs, runsMainFile, takesTested = false }: RankOptions,
): string | undefined {
  const hasNeeds = needs !== undefined && (!needs.known || needs.uses.length > 0);
  if (permissions !== NO_PERMISSIONS || hasNeeds || inputs.length > 0) return undefined;
  for (const _name in env) return undefined;
  const facts = [language, preference, runtime, minIsolation, needs === undefined, runsMainFile];
  return JSON.stringify([facts, installs, isPatient, takesTested, limits]);
}

import { describeNeed, type Need, type Needs, type Surface } from "../../core/needs.ts";
import type { Rejection } from "../../core/selection.ts";

/** The most needs that a rejection names. */
const NAMED = 3;

/** How a runtime meets the needs of a program. */
export interface Fit {
  /** Why the program may not run there; absent where it may. */
  readonly rejectedBecause?: Rejection;
  /**
   * Whether the runtime meets the needs, as far as that is known. `is_written_for` means that the program is written
   * for it. A runtime that lacks some needs may still run the program.
   */
  readonly grade: "has_all" | "is_written_for" | "lacks_some" | "unknown";
  /**
   * The features that the runtime lacks, with their places. Absent where none is known, or `rejectedBecause` names
   * them.
   */
  readonly lacks?: string;
}

/** How a runtime is judged. */
export interface FitOptions {
  /** Whether a runtime with the whole language may run a program that certainly needs more. Absent, it may not. */
  readonly isLastResort?: boolean;
  /** Whether the request forces the runtime, which then runs the program whatever that needs. Absent, it does not. */
  readonly isForced?: boolean;
}

const UNKNOWN: Fit = { grade: "unknown" };

/**
 * Judges a runtime by the needs of a program. A runtime with the whole surface of the language is ruled out only by a
 * feature that the program certainly needs and the runtime certainly lacks. Any other runtime runs only programs that
 * are known to fit, or are written for it. One that the request forces runs the program in its own dialect.
 */
export function fitOf(
  surface: Surface | undefined,
  needs: Needs | undefined,
  { isForced = false, isLastResort = false }: FitOptions = {},
): Fit {
  if (surface === undefined || isForced) return UNKNOWN;
  if (!surface.isWhole) return fitOfPart(surface, needs);
  const lacking = needs?.uses.filter((need) => surface.has(need) === false) ?? [];
  const certain = lacking.filter((need) => need.certain);
  const isForAnother = certain.some((need) => surface.isForeign?.(need) === true);
  if (isForAnother || (certain.length > 0 && !isLastResort)) return rejectedFor(`lacks ${listNeeds(certain)}`, surface);
  if (lacking.length > 0) return { grade: "lacks_some", lacks: listNeeds(lacking) };
  return needs?.known === true && needs.uses.every((need) => surface.has(need) === true)
    ? { grade: "has_all" }
    : UNKNOWN;
}

/**
 * Whether a runtime is known to meet all certain needs of a program. A runtime that the program is written for counts
 * too.
 */
export function hasCertainNeeds(surface: Surface | undefined, { uses }: Needs): boolean {
  const certain = uses.filter((need) => need.certain);
  return surface !== undefined &&
    (isWrittenFor(surface, certain) || certain.every((need) => surface.has(need) === true));
}

/** Whether a program uses a feature of this runtime alone, and none that it lacks. */
function isWrittenFor(surface: Surface, uses: readonly Need[]): boolean {
  return uses.some((need) => surface.isOwn?.(need) === true) && uses.every((need) => surface.has(need) !== false);
}

function fitOfPart(surface: Surface, needs: Needs | undefined): Fit {
  const lacking = needs?.uses.filter((need) => surface.has(need) !== true) ?? [];
  if (needs?.known === true && lacking.length === 0) return { grade: "has_all" };
  if (isWrittenFor(surface, needs?.uses ?? [])) return { grade: "is_written_for" };
  if (lacking.length > 0) return rejectedFor(`lacks ${listNeeds(lacking)}`, surface);
  const reason = needs?.reason === undefined ? "" : `: ${needs.reason}`;
  return rejectedFor(`has a part of the language, and what the program needs is not known${reason}`);
}

function rejectedFor(detail: string, { remedy }: Pick<Surface, "remedy"> = {}): Fit {
  const rejectedBecause = { code: "missing_capability", detail, ...(remedy === undefined ? {} : { remedy }) } as const;
  return { grade: "lacks_some", rejectedBecause };
}

function listNeeds(needs: readonly Need[]): string {
  const named = needs.slice(0, NAMED).map(describeNeed).join(", ");
  return needs.length > NAMED ? `${named} and ${needs.length - NAMED} more` : named;
}

/** Moves runtimes with a known lack behind the others. It does so if one has everything, or the program is written for one. */
export function preferFitting<One extends { readonly grade: Fit["grade"] }>(ranked: readonly One[]): readonly One[] {
  if (!ranked.some(({ grade }) => grade === "has_all" || grade === "is_written_for")) return ranked;
  const lacks = ({ grade }: One) => grade === "lacks_some";
  return [...ranked.filter((one) => !lacks(one)), ...ranked.filter(lacks)];
}

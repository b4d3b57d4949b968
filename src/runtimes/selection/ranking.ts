import { isConsidered } from "../../core/no_suitable_runtime.ts";
import type { Candidate, Rejection, ScoreInputs, Selection } from "../../core/selection.ts";
import type { ExecutionRuntime } from "../port.ts";
import type { Demand } from "./filters.ts";
import { type Fit, hasCertainNeeds, preferFitting } from "./fit.ts";
import { rankBy } from "./strategies.ts";

/** A selection, and the runtimes that passed, best first. */
export interface Ranking {
  readonly selection: Selection;
  readonly passed: readonly PassedRuntime[];
}

/** A runtime that passed. */
export interface PassedRuntime {
  readonly runtime: ExecutionRuntime;
  /** The most memory in MB that the request may take on it. */
  readonly memoryMb: number;
}

/** A runtime as a candidate. */
export interface Judged {
  readonly runtime: ExecutionRuntime;
  readonly candidate: Candidate;
  /** The candidate's inputs without measurements. */
  readonly declared: ScoreInputs;
  readonly grade: Fit["grade"];
  /** Memory that the request may take there; absent where it is rejected. */
  readonly memoryMb?: number;
  /** What has to be installed first; absent, nothing has. */
  readonly mustInstall?: string;
  /** Waits for the self-test, and begins it; undefined once that is over. */
  readonly selfTest?: (() => Promise<void>) | undefined;
}

/** Whether another runtime passed, or would if it had the features that the program needs. */
export function hasRival(best: Judged, judged: readonly Judged[]): boolean {
  return judged.some((one) => one !== best && (one.candidate.passed || isRuledOutByNeeds(one)));
}

/**
 * Whether runtimes that lack a needed feature may run the program. That holds if no runtime passed, the needs rule some
 * out, and no other is known to meet them: the language's own error then says more than a refusal.
 */
export function needsLastResort(
  judged: readonly Judged[],
  { request: { language }, options: { needs } }: Demand,
): boolean {
  if (needs === undefined || judged.some(({ candidate }) => candidate.passed)) return false;
  const considered = judged.filter(({ candidate: { rejectedBecause } }) =>
    rejectedBecause !== undefined && isConsidered(rejectedBecause)
  );
  const surfaces = considered.map((one) => ({ surface: one.runtime.surface?.(language), one }));
  return surfaces.some(({ one, surface }) => isRuledOutByNeeds(one) && surface?.isWhole === true) &&
    !surfaces.some(({ surface }) => hasCertainNeeds(surface, needs));
}

function isRuledOutByNeeds({ candidate: { rejectedBecause } }: Judged): boolean {
  return rejectedBecause?.code === "missing_capability";
}

/** The runtimes that passed, best first. */
export function bestFirst(judged: readonly Judged[], { request: { preference } }: Demand): readonly Judged[] {
  return preferFitting(rankBy(preference, judged.filter(({ candidate }) => candidate.passed)));
}

/** The result for a request, by the judgement of every runtime. */
export function rankingOf(judged: readonly Judged[], demand: Demand): Ranking {
  const { request: { preference }, floor, options: { needs } } = demand;
  const passed = bestFirst(judged, demand);
  const rejected = judged.filter(({ candidate }) => !candidate.passed);
  return {
    passed: passed.map(({ runtime, memoryMb = 0 }) => ({ runtime, memoryMb })),
    selection: {
      chosen: passed[0]?.runtime.name ?? null,
      preference,
      floor,
      ...(needs === undefined ? {} : { needs }),
      candidates: [...passed, ...rejected].map(({ candidate }) => candidate),
    },
  };
}

/** Why a runtime that is not tested may not run the program. */
export const UNTESTED: Rejection = { code: "unavailable", detail: "its self-test is not over yet" };

/** The judgement without a wait for the self-test: until its end, the runtime is unavailable. */
export function withoutSelfTest(judged: Judged): Judged {
  const { declared, selfTest, runtime } = judged;
  if (selfTest === undefined) return judged;
  return rejected(runtime, { rejectedBecause: UNTESTED, declared });
}

/** The judgement without an installation: until its end, the runtime is unavailable. */
export function withoutInstallation(judged: Judged): Judged {
  const { declared, mustInstall, runtime } = judged;
  if (mustInstall === undefined) return judged;
  return rejected(runtime, { rejectedBecause: { code: "unavailable", detail: mustInstall }, declared });
}

/** The judgement of a runtime that may not run the program. */
export function rejected(
  runtime: ExecutionRuntime,
  { declared, rejectedBecause }: { readonly declared: ScoreInputs; readonly rejectedBecause: Rejection },
): Judged {
  const candidate = { runtime: runtime.name, passed: false, rejectedBecause, inputs: declared };
  return { runtime, candidate, declared, grade: "unknown" };
}

import { memoryExcess } from "../../core/errors.ts";
import { MAX_ISOLATION } from "../../core/answers/vocabulary.ts";
import type { RuntimeCapabilities } from "../../core/capabilities.ts";
import { namedLimits } from "../../core/limits.ts";
import type { Needs } from "../../core/needs.ts";
import type { SelectionRequest } from "../../core/requests/selection_request.ts";
import type { Rejection, ScoreInputs } from "../../core/selection.ts";
import type { Assessment, ExecutionRuntime, RuntimeConfig } from "../port.ts";
import { fitOf, type FitOptions } from "./fit.ts";

/** Facts about a request beside its own fields. */
export interface RankOptions extends Pick<RuntimeConfig, "inputs" | "runsMainFile"> {
  /** Whether Docker's self-test is waited for up to a minute, and not 2 s. */
  readonly isPatient?: boolean;
  /** The needs of the program; absent, they are not known. */
  readonly needs?: Needs | undefined;
  /**
   * Whether a tested runtime is taken while the best one is tested. It fits as well, isolates no less, and starts soon.
   * Absent, the self-tests are waited for.
   */
  readonly takesTested?: boolean;
  /** Whether what the best runtime lacks is installed; absent, nothing is. */
  readonly installs?: boolean;
}

/** A request, and the isolation floor that holds for it. */
export interface Demand extends FitOptions {
  readonly request: SelectionRequest;
  readonly floor: number;
  readonly options: RankOptions;
}

/** The rejection of a runtime whose known surface lacks needs of the program. */
export function knownLackOf(
  runtime: ExecutionRuntime,
  { request, options: { needs }, ...how }: Demand,
): Rejection | undefined {
  const surface = runtime.surface?.(request.language);
  return surface?.mayGrow === true ? undefined : fitOf(surface, needs, how).rejectedBecause;
}

/** Whether a runtime has a request's language, and no other is forced. */
export function isFor({ name, supportedEnvironments }: ExecutionRuntime, request: SelectionRequest): boolean {
  return (request.runtime === undefined || request.runtime === name) &&
    supportedEnvironments.includes(request.language);
}

/** Why a request is not for this runtime. */
export function mismatchOf(runtime: ExecutionRuntime, request: SelectionRequest): Rejection | undefined {
  if (isFor(runtime, request)) return undefined;
  const { supportedEnvironments } = runtime;
  return supportedEnvironments.includes(request.language)
    ? { code: "not_requested", detail: `the request forces ${request.runtime}` }
    : { code: "unsupported_language", detail: `supports ${supportedEnvironments.join(", ")}` };
}

/** Why an environment for a request would not be good enough. */
export function shortfallOf(
  { isolation, cannotHonour, lacks }: Assessment,
  { request, floor }: Demand,
): Rejection | undefined {
  if (isolation.level < floor) {
    return {
      code: "below_isolation_floor",
      detail: `isolation ${isolation.level} of ${MAX_ISOLATION} is below the floor ${floor}`,
    };
  }
  if (cannotHonour !== undefined) return { code: "cannot_honour_permissions", detail: cannotHonour };
  if (lacks !== undefined) return { code: "missing_capability", ...lacks };
  const unenforced = namedLimits(request.limits).filter((name) => !isolation.limits.includes(name));
  if (unenforced.length === 0) return undefined;
  return { code: "cannot_enforce_limits", detail: `cannot enforce ${unenforced.join(", ")}, which the request names` };
}

/** Why a request can never get its memory, in MB. */
export function tooMuchMemory(memoryMb: number, maxMemoryMb: number): Rejection | undefined {
  const detail = memoryExcess(memoryMb, maxMemoryMb);
  return detail === undefined ? undefined : { code: "exceeds_memory", detail };
}

/** The figures that a runtime declares. */
export function declaredInputs({ isolationLevel, memoryOverheadMB, startupTimeMs }: RuntimeCapabilities): ScoreInputs {
  return { startupMs: startupTimeMs, memoryMb: memoryOverheadMB, isolationLevel, source: "declared" };
}

import { CodeBeakerError, exceedsMemory, type FieldError } from "./errors.ts";
import { unsupportedLanguage } from "./languages.ts";
import type { Rejection, RejectionCode, Selection } from "./selection.ts";

/** Time until the next request for a runtime that may recover at any time. */
const RETRY_AFTER_MS = 1_000;

/** The field of a request that causes a rejection, where that names none. */
const FIELD_OF: Readonly<Partial<Record<RejectionCode, string>>> = {
  below_isolation_floor: "minIsolation",
  cannot_honour_permissions: "permissions",
  cannot_enforce_limits: "limits",
  exceeds_memory: "limits.memoryMb",
  missing_capability: "code",
};

/**
 * Codes of runtimes that were never considered. Their rejections explain nothing where other runtimes were considered.
 */
const NOT_CONSIDERED: readonly RejectionCode[] = ["unsupported_language", "not_requested"];

/** Whether a rejected runtime was considered for the request. */
export function isConsidered({ code }: Rejection): boolean {
  return !NOT_CONSIDERED.includes(code);
}

interface RejectedRuntime extends Rejection {
  readonly runtime: string;
}

/**
 * Makes the error of a selection in which no runtime passed. The code is `unsupported_language` when none supports the
 * language, `too_large` when one only has too little memory and waiting cannot help, `runtime_unavailable` when one is
 * only unavailable, else `no_suitable_runtime`. The error has a time to retry only where an obstacle may pass by itself.
 */
export function noSuitableRuntime(
  selection: Selection,
  { language, supported }: { readonly language: string; readonly supported: readonly string[] },
): CodeBeakerError {
  if (!supported.includes(language)) return unsupportedLanguage(language, supported);
  const rejections = selection.candidates.flatMap(({ runtime, rejectedBecause }): RejectedRuntime[] =>
    rejectedBecause === undefined ? [] : [{ runtime, ...rejectedBecause }]
  );
  const considered = rejections.filter(isConsidered);
  const absent = considered.filter(({ code }) => code === "unavailable" || code === "circuit_open");
  const retry = retryOf(absent);
  const large = considered.filter(({ code }) => code === "exceeds_memory");
  if (large.length > 0 && retry.retryAfterMs === undefined) return tooLarge(selection, large);
  if (absent.length > 0) {
    const message = `Cannot run ${language} as ${considered.map(describeRejection).join(" and ")}`;
    const remedies = considered.flatMap(({ remedy }) => remedy ?? []);
    return new CodeBeakerError("runtime_unavailable", withRemedies(message, remedies), {
      details: { selection, attempts: [], ...retry },
    });
  }
  const errors = rejections.flatMap(({ runtime, code, detail, fields }): FieldError[] => {
    const paths = fields ?? [FIELD_OF[code] ?? []].flat();
    return paths.map((path) => ({ path, message: `${runtime}: ${detail}` }));
  });
  const reasons = (considered.length > 0 ? considered : rejections).map(({ runtime, detail }) =>
    `${runtime}: ${detail}`
  );
  const isTooWeak = considered.some(({ code }) => code === "below_isolation_floor");
  const hints = [
    ...considered.flatMap(({ remedy }) => remedy ?? []),
    ...(isTooWeak ? ["codebeaker doctor says how to raise the isolation here"] : []),
  ];
  return new CodeBeakerError(
    "no_suitable_runtime",
    withRemedies(`Cannot run ${language} as no runtime passes the filters (${reasons.join("; ")})`, hints),
    { details: { selection, errors } },
  );
}

/** A message, and what can be done about it: one of the remedies. */
function withRemedies(message: string, remedies: readonly string[]): string {
  return remedies.length === 0 ? message : `${message}: ${[...new Set(remedies)].join("; or ")}`;
}

/** The error of a program that can get its memory on none of these runtimes. */
function tooLarge(selection: Selection, rejections: readonly RejectedRuntime[]): CodeBeakerError {
  const path = "limits.memoryMb";
  const errors = rejections.map(({ detail, runtime }) => ({ path, message: `${runtime}: ${detail}` }));
  const reasons = [...new Set(rejections.map(({ detail }) => detail))].join(" or ");
  return exceedsMemory(reasons, { selection, errors });
}

function describeRejection({ code, detail, runtime }: RejectedRuntime): string {
  return `${runtime} ${FIELD_OF[code] === undefined ? "is unavailable" : "does not fit"} (${detail})`;
}

/** The earliest time at which a request may pass. Empty where every obstacle stays until someone removes it. */
export function retryOf(
  obstacles: readonly Pick<Rejection, "remedy" | "retryAfterMs">[],
): { readonly retryAfterMs?: number } {
  const passing = obstacles.filter(({ remedy, retryAfterMs }) => remedy === undefined || retryAfterMs !== undefined);
  if (passing.length === 0) return {};
  return { retryAfterMs: Math.min(...passing.map(({ retryAfterMs = RETRY_AFTER_MS }) => retryAfterMs)) };
}

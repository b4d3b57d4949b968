import { CodeBeakerError, type FieldError } from "./errors.ts";
import { unsupportedLanguage } from "./languages.ts";
import type { Rejection, RejectionCode, Selection } from "./selection.ts";

/** When to ask again for a runtime that may be back at any time. */
const RETRY_AFTER_MS = 1_000;

/** The field of a request that causes a rejection. */
const FIELD_OF: Readonly<Partial<Record<RejectionCode, string>>> = {
  below_isolation_floor: "minIsolation",
  cannot_honour_permissions: "permissions",
  cannot_enforce_limits: "limits",
};

/**
 * Makes the error of a selection in which no runtime passed: `unsupported_language` when none supports the language,
 * `runtime_unavailable` when one is only unavailable now, else `no_suitable_runtime`.
 */
export function noSuitableRuntime(
  selection: Selection,
  { language, spoken }: { readonly language: string; readonly spoken: readonly string[] },
): CodeBeakerError {
  if (!spoken.includes(language)) return unsupportedLanguage(language, spoken);
  const rejections = selection.candidates.flatMap(({ runtime, rejectedBecause }) =>
    rejectedBecause === undefined ? [] : [{ runtime, ...rejectedBecause }]
  );
  const reasons = rejections.map(({ runtime, detail }) => `${runtime}: ${detail}`).join("; ");
  const absent = rejections.filter(({ code }) => code === "unavailable" || code === "circuit_open");
  if (absent.length > 0) {
    return new CodeBeakerError("runtime_unavailable", `Cannot run the program now: ${reasons}`, {
      details: { selection, attempts: [], retryAfterMs: earliestRetryMs(absent) },
    });
  }
  const errors = rejections.flatMap(({ runtime, code, detail }): FieldError[] => {
    const path = FIELD_OF[code];
    return path === undefined ? [] : [{ path, message: `${runtime}: ${detail}` }];
  });
  return new CodeBeakerError(
    "no_suitable_runtime",
    `Cannot run the program as no runtime passes the filters: ${reasons}`,
    { details: { selection, errors } },
  );
}

/** The earliest time at which one of several runtimes may be available again. */
export function earliestRetryMs(reasons: readonly Pick<Rejection, "retryAfterMs">[]): number {
  return Math.min(...reasons.map(({ retryAfterMs = RETRY_AFTER_MS }) => retryAfterMs));
}

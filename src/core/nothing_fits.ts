import { CodeBeakerError, type FieldError } from "./errors.ts";
import { unsupportedLanguage } from "./languages.ts";
import type { RejectionCode, Selection } from "./selection.ts";

/** The field of a request that a rejection is about. */
const FIELD_OF: Readonly<Partial<Record<RejectionCode, string>>> = {
  below_isolation_floor: "minIsolation",
  cannot_honour_permissions: "permissions",
  cannot_enforce_limits: "limits",
};

/**
 * The error of a selection in which nothing passed: `unsupported_language` when no runtime speaks the language,
 * `runtime_unavailable` when one would do and only is not there now, else `no_suitable_runtime`.
 */
export function nothingFits(
  selection: Selection,
  { language, spoken }: { readonly language: string; readonly spoken: readonly string[] },
): CodeBeakerError {
  if (!spoken.includes(language)) return unsupportedLanguage(language, spoken);
  const rejections = selection.candidates.flatMap(({ runtime, rejectedBecause }) =>
    rejectedBecause === undefined ? [] : [{ runtime, ...rejectedBecause }]
  );
  const reasons = rejections.map(({ runtime, detail }) => `${runtime}: ${detail}`).join("; ");
  if (rejections.some(({ code }) => code === "unavailable")) {
    return new CodeBeakerError("runtime_unavailable", `Cannot run the program now: ${reasons}`, {
      details: { selection, attempts: [], retryAfterMs: 1_000 },
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

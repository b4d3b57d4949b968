import { z } from "zod";
import { invalidField } from "../core/errors.ts";
import { explainSchema } from "../core/requests/content.ts";
import { LIMITS, timeoutSchema } from "../core/limits.ts";

/** The fields of every command that runs a program. */
export const programFields = {
  explain: explainSchema,
  timeoutMs: timeoutSchema,
  timeout: z.number().positive().max(LIMITS.timeoutMs.max / 1000).optional().describe("timeoutMs, in seconds"),
};

/** Old names of {@link programFields}. */
export const TIMEOUT_ALIASES = { timeout_ms: "timeoutMs" } as const;

/**
 * Reads the time of {@link programFields}, in ms.
 *
 * @throws {CodeBeakerError} `invalid_request` when both fields are given
 */
export function timeoutOf(
  { timeoutMs, timeout }: { readonly timeoutMs?: number | undefined; readonly timeout?: number | undefined },
): number | undefined {
  if (timeout === undefined) return timeoutMs;
  if (timeoutMs === undefined) return Math.ceil(timeout * 1000);
  throw invalidField("timeout", '"timeout" is "timeoutMs" in seconds: name one of them');
}

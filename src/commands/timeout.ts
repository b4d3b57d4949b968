import { z } from "zod";
import { invalidField } from "../core/errors.ts";
import { LIMITS, timeoutSchema } from "../core/limits.ts";

/** The fields that limit the time of a command's program. */
export const timeoutFields = {
  timeoutMs: timeoutSchema,
  timeout: z.number().positive().max(LIMITS.timeoutMs.max / 1000).optional().describe("timeoutMs, in seconds"),
};

/** Old names of {@link timeoutFields}. */
export const TIMEOUT_ALIASES = { timeout_ms: "timeoutMs" } as const;

/** Reads {@link timeoutFields}, in ms. @throws {CodeBeakerError} `invalid_request` when both are given */
export function timeoutOf(
  { timeoutMs, timeout }: { readonly timeoutMs?: number | undefined; readonly timeout?: number | undefined },
): number | undefined {
  if (timeout === undefined) return timeoutMs;
  if (timeoutMs === undefined) return Math.ceil(timeout * 1000);
  throw invalidField("timeout", '"timeout" is "timeoutMs" in seconds: name one of them');
}

import { z } from "zod";
import { MAX_ISOLATION, PREFERENCES } from "../answers/vocabulary.ts";
import { invalidField } from "../errors.ts";
import { canonicalLanguage } from "../languages.ts";
import { limitsSchema, type RequestedLimits, timeoutSchema } from "../limits.ts";
import { oneOf, parseAs, strictObject } from "../parsing/validation.ts";
import { NO_PERMISSIONS, type PermissionSettings, permissionsSchema } from "../permissions/permissions.ts";
import type { Preference } from "../selection.ts";

/** The part of a request that selects a runtime. */
export interface SelectionRequest {
  readonly language: string;
  readonly preference: Preference;
  readonly minIsolation?: number;
  readonly runtime?: string;
  readonly permissions: PermissionSettings;
  readonly limits: RequestedLimits;
}

/** The fields of every request that selects a runtime. */
export const selectionFields = {
  language: z.string().min(1).max(64).optional().describe("What the code is written for"),
  environment: z.string().min(1).max(64).optional().describe("An alias of language"),
  preference: oneOf(PREFERENCES).default("balanced").describe("How to rank the runtimes that pass the filters"),
  runtime: z.string().min(1).max(64).optional().describe(
    "Force one runtime, which runs the code in its own dialect; it still has to pass the filters that protect",
  ),
  minIsolation: z.int().min(0).max(MAX_ISOLATION).optional().describe(
    "A floor; the server's own is never lowered by it",
  ),
  permissions: permissionsSchema.optional(),
  timeoutMs: timeoutSchema,
  limits: limitsSchema.optional(),
};

/** The wire form of `POST /v1/runtimes/select`. */
export const selectRequestSchema = strictObject(selectionFields);

/**
 * Parses a selection request.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseSelectionRequest(value: unknown): SelectionRequest {
  return toSelectionRequest(parseAs(selectRequestSchema, value, { what: "the selection request" }));
}

/**
 * Takes the fields that select a runtime out of a request.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function toSelectionRequest(wire: z.output<typeof selectRequestSchema>): SelectionRequest {
  const language = wire.language ?? wire.environment;
  if (language === undefined) {
    throw invalidField("language", 'A request names its language ("environment" is an alias)');
  }
  if (wire.language !== undefined && wire.environment !== undefined && wire.language !== wire.environment) {
    throw invalidField("environment", '"environment" is an alias of "language": name one of them');
  }
  return {
    language: canonicalLanguage(language),
    preference: wire.preference,
    ...(wire.minIsolation === undefined ? {} : { minIsolation: wire.minIsolation }),
    ...(wire.runtime === undefined ? {} : { runtime: wire.runtime }),
    permissions: wire.permissions ?? NO_PERMISSIONS,
    limits: { ...wire.limits, timeoutMs: wire.timeoutMs },
  };
}

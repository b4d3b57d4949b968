import { z } from "zod";
import type { Answer } from "../answers/answer.ts";
import type { contextSchema as sessionContextSchema } from "../answers/session.ts";
import { checkCodeSize, explainSchema } from "./content.ts";
import { canonicalLanguage } from "../languages.ts";
import { limitsSchema, type RequestedLimits, TIMEOUT_BESIDE_LIMITS, timeoutSchema } from "../limits.ts";
import { parseAs, strictObject } from "../parsing/validation.ts";
import { FIXED_BY_SESSION } from "./session_request.ts";

/** A stateful interpreter of a session, as its owner sees it. */
export type ContextInfo = Answer<typeof sessionContextSchema>;

/** A checked request to evaluate a cell. */
export interface CellRequest {
  readonly code: string;
  /** The text that the cell reads on stdin. */
  readonly stdin?: string;
  readonly limits: RequestedLimits;
  /** Whether the answer explains the choice of the session's runtime. */
  readonly explain: boolean;
}

/** The wire form of `POST /v1/sessions/{id}/contexts`. */
export const contextSchema = strictObject({
  language: z.string().min(1).max(64).optional().describe("Absent, the session's language"),
});

/** The limits of each cell. All others belong to the context, which has them from its session. */
const CELL_LIMITS = { cpuMs: true, maxOutputBytes: true, maxTotalOutputBytes: true } as const;

/** What to do instead of giving another limit to a cell. */
const LIMITS_ELSEWHERE = {
  ...Object.fromEntries(
    Object.keys(limitsSchema.shape).filter((name) => !Object.hasOwn(CELL_LIMITS, name))
      .map((name) => [name, `Every cell has the session's ${name}: give it in the limits of the session`]),
  ),
  ...TIMEOUT_BESIDE_LIMITS,
};

/** The wire form of `POST /v1/sessions/{id}/contexts/{cid}/executions`. */
export const cellSchema = strictObject({
  code: z.string().describe("The cell"),
  stdin: z.string().optional().describe("Text that the cell reads, as by `input()`, in Python. Absent, it is empty"),
  timeoutMs: timeoutSchema,
  limits: strictObject(limitsSchema.pick(CELL_LIMITS).shape, { elsewhere: LIMITS_ELSEWHERE }).optional(),
  explain: explainSchema,
}, { elsewhere: FIXED_BY_SESSION });

/**
 * Parses a request for a context; undefined means the session's language.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseContextRequest(value: unknown): string | undefined {
  const { language } = parseAs(contextSchema, value, { what: "the context request" });
  return language === undefined ? undefined : canonicalLanguage(language);
}

/**
 * Parses a cell.
 *
 * @throws {CodeBeakerError} `invalid_request`; `too_large` for code over its limit
 */
export function parseCell(value: unknown): CellRequest {
  const { code, explain, limits, stdin, timeoutMs } = parseAs(cellSchema, value, { what: "the cell" });
  checkCodeSize(code);
  return { code, ...(stdin === undefined ? {} : { stdin }), limits: { ...limits, timeoutMs }, explain };
}

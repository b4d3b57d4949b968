import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import { canonicalLanguage } from "../../../core/languages.ts";
import { LIMITS, limitsSchema } from "../../../core/limits.ts";
import { parseSessionRequest, sessionRequestSchema } from "../../../core/requests/session_request.ts";
import { checkScope } from "../../auth/auth.ts";
import type { ToolCall } from "./tool.ts";

/** Bytes kept of each stream where a call names no `maxOutputBytes`: a model reads them. */
export const DEFAULT_OUTPUT_BYTES = 32_768;

const { language, runtime, permissions } = sessionRequestSchema.shape;

/** The wire form of `limits`, with the default of {@link DEFAULT_OUTPUT_BYTES} in words. */
export const limits = limitsSchema.extend({
  maxOutputBytes: limitsSchema.shape.maxOutputBytes.describe(
    `${LIMITS.maxOutputBytes.means}; absent, the session's own or ${DEFAULT_OUTPUT_BYTES}`,
  ),
}).optional();

/** The wire form of `stdin`. No client of this protocol can feed a program that runs. */
export const stdin = z.string().optional().describe("What the program reads from its standard input; absent, nothing");

/** The id of a session that exists. */
export const sessionId = z.string().min(1).max(256).describe("The session, as an earlier result names it");

/** The fields of a tool that works in a session, or starts one. */
export const sessionFields = {
  session: sessionId.optional().describe(
    "The session of an earlier result, with its files. Without it a new one is started, which needs language",
  ),
  language: language.describe("What the new session's programs are written for, such as python or typescript"),
  runtime: runtime.describe("Of a new session: force one runtime"),
  permissions: permissions.describe("Of a new session: what its programs may access beside their own files"),
  limits: limits.describe("Of a new session: how much each of its programs may use"),
};

/** The values of {@link sessionFields}, and further settings of a new session. */
export interface SessionChoice {
  readonly session?: string | undefined;
  readonly language?: string | undefined;
  readonly [setting: string]: unknown;
}

/** The session of a call. */
export interface UsedSession {
  readonly id: string;
  readonly isNew: boolean;
}

/**
 * Works in the session that a call names, or in a new one. A new session is closed when the work fails, or the client
 * no longer waits: the client would never learn its id.
 *
 * @throws {CodeBeakerError} `permission_denied` for a key without the scope; `invalid_request` for settings of a session
 *   that exists; as the work does
 */
export async function inSession<Result>(
  { session: given, language, ...settings }: SessionChoice,
  call: ToolCall,
  work: (session: UsedSession) => Promise<Result>,
): Promise<Result> {
  const { caller, sessions, signal } = call;
  checkScope(caller, "sessions");
  if (given !== undefined) {
    const found = sessions.show(caller, given);
    refuseSettings(settings);
    if (language !== undefined && canonicalLanguage(language) !== found.language) {
      throw invalidField("language", `The session's language is ${found.language}: leave out session for another`);
    }
    return await work({ id: given, isNew: false });
  }
  if (language === undefined) throw invalidField("language", "Name a session, or the language of a new one");
  const { id } = await sessions.create(caller, parseSessionRequest({ ...settings, language }), { signal });
  try {
    const result = await work({ id, isNew: true });
    signal.throwIfAborted(); // A program that was cancelled has a result too.
    return result;
  } catch (error) {
    await sessions.close(caller, id).catch(() => {}); // Its own timeout closes it otherwise.
    throw error;
  }
}

/** Bounds what is kept of each stream, where a request does not. */
export function withOutputBytes(request: { readonly limits?: unknown; readonly [field: string]: unknown }): unknown {
  return { ...request, limits: { maxOutputBytes: DEFAULT_OUTPUT_BYTES, ...toObject(request.limits) } };
}

/** Bytes kept of each stream in a session: what the session names, else few. */
export function outputBytesIn({ caller, sessions }: ToolCall, id: string): number {
  const { maxOutputBytes } = sessions.limits(caller, id);
  return maxOutputBytes === LIMITS.maxOutputBytes.default ? DEFAULT_OUTPUT_BYTES : maxOutputBytes;
}

function refuseSettings(settings: Readonly<Record<string, unknown>>): void {
  const named = Object.entries(settings).find(([, value]) => value !== undefined)?.[0];
  if (named === undefined) return;
  throw invalidField(named, `A session has its ${named} from its start: leave out session to start another`);
}

function toObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

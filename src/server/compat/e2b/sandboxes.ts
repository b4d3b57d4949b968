import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import { MAX_LIFETIME_MS, parseSessionChanges, parseSessionRequest } from "../../../core/requests/session_request.ts";
import type { SessionInfo } from "../../../core/session.ts";
import { LIMITS } from "../../../core/limits.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import { keyOf } from "../../auth/credential.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { PAGE_FIELDS, parseQuery } from "../../http/query.ts";

/** The version of E2B's daemon whose API this is. Later versions have uploads and events that are not here. */
const ENVD_VERSION = "0.5.2";

/** Templates that stand for a language of their own name's place. Any other template is the name of a language. */
const PYTHON_TEMPLATES = ["base", "code-interpreter-v1", "code-interpreter-beta"];

const DEFAULT_TIMEOUT_S = 300;

/** Longest a program may compute. E2B bounds its time alone. */
const CPU_MS = LIMITS.timeoutMs.max;

/** Fields of a new sandbox that ask for what is not here. */
const UNSUPPORTED = ["autoPause", "autoResume", "iam", "mcp", "network", "volumeMounts"] as const;

const MAX_TIMEOUT_S = MAX_LIFETIME_MS / 1_000;

const timeoutSchema = z.number().min(0).max(MAX_TIMEOUT_S, `At most ${MAX_TIMEOUT_S} s`).default(DEFAULT_TIMEOUT_S);

const lifeSchema = z.looseObject({ timeout: timeoutSchema });

const createSchema = z.looseObject({
  templateID: z.string().default("base"),
  timeout: timeoutSchema,
  metadata: z.record(z.string(), z.string()).default({}),
  envVars: z.record(z.string(), z.string()).default({}),
  allow_internet_access: z.boolean().nullish(),
});

const listQuery = z.looseObject({
  limit: PAGE_FIELDS.limit,
  nextToken: z.string().optional(),
  state: z.string().optional(),
  metadata: z.string().optional(),
});

/** Creates a session as a sandbox. */
export async function createSandbox(context: Context<AppEnv>, sessions: SessionsPort): Promise<Response> {
  const body = await jsonBody(context);
  const wanted = parseAs(createSchema, body, { what: "the sandbox" });
  for (const name of UNSUPPORTED) {
    if (wanted[name] !== undefined && wanted[name] !== null && wanted[name] !== false) {
      throw invalidField(name, `${name} is not supported here`);
    }
  }
  const { allow_internet_access: hasNetwork, envVars: env, metadata, templateID, timeout } = wanted;
  const lifeMs = lifeOf(timeout);
  const request = parseSessionRequest({
    language: PYTHON_TEMPLATES.includes(templateID) ? "python" : templateID,
    env,
    metadata: { ...metadata, [TEMPLATE]: templateID },
    limits: { cpuMs: CPU_MS },
    permissions: { allowNet: hasNetwork === true },
    idleTimeoutMs: lifeMs,
    maxLifetimeMs: lifeMs,
  });
  const session = await sessions.create(context.get("caller"), request, { signal: context.req.raw.signal });
  return context.json(toAccess(context, session), 201);
}

/** The name under which a session's metadata has its template. */
const TEMPLATE = "e2b.template";

/** Answers with the access to a sandbox. It makes the life of the sandbox longer, and never shorter. */
export async function connectSandbox(
  context: Context<AppEnv>,
  { id, sessions }: { readonly id: string; readonly sessions: SessionsPort },
): Promise<Response> {
  return context.json(toAccess(context, await setLife(context, { id, sessions, mayShorten: false })), 201);
}

/** Sets the life of a sandbox from now on, in s. */
export async function setTimeoutOf(
  context: Context<AppEnv>,
  { id, sessions }: { readonly id: string; readonly sessions: SessionsPort },
): Promise<Response> {
  await setLife(context, { id, sessions, mayShorten: true });
  return context.body(null, 204);
}

/** Closes a sandbox. One that is closed is `not_found`. */
export async function killSandbox(
  context: Context<AppEnv>,
  { id, sessions }: { readonly id: string; readonly sessions: SessionsPort },
): Promise<Response> {
  findOpen(context, { id, sessions });
  await sessions.close(context.get("caller"), id);
  return context.body(null, 204);
}

/** Shows a sandbox. */
export function showSandbox(
  context: Context<AppEnv>,
  { id, sessions }: { readonly id: string; readonly sessions: SessionsPort },
): Response {
  return context.json(toSandbox(findOpen(context, { id, sessions })));
}

/** Lists sandboxes, the newest first. A filter by metadata filters within a page. */
export function listSandboxes(context: Context<AppEnv>, sessions: SessionsPort): Response {
  const { limit, metadata = "", nextToken, state } = parseQuery(context.req, listQuery);
  const { nextCursor, sessions: found } = sessions.list(context.get("caller"), { limit, cursor: nextToken });
  if (nextCursor !== undefined) context.header("x-next-token", nextCursor);
  const wanted = [...new URLSearchParams(metadata)].map((pair) => pair.map(decode));
  const isWanted = (session: SessionInfo) => wanted.every(([name = "", value]) => session.metadata[name] === value);
  const runs = state === undefined || state.split(",").includes("running"); // Others are paused, and none is here.
  return context.json(runs ? found.filter(isWanted).map(toSandbox) : []);
}

/**
 * Finds a sandbox that is not closed.
 *
 * @throws {CodeBeakerError} `not_found`
 */
export function findOpen(
  context: Context<AppEnv>,
  { id, sessions }: { readonly id: string; readonly sessions: SessionsPort },
): SessionInfo {
  const session = sessions.show(context.get("caller"), id);
  if (session.state !== "closed" && session.state !== "closing") return session;
  throw new CodeBeakerError("not_found", `Cannot find the sandbox ${id} as it is closed: create another`);
}

/** Sets the life of a session from now on. Its longest life counts from its creation. */
async function setLife(
  context: Context<AppEnv>,
  { id, mayShorten, sessions }: { readonly id: string; readonly mayShorten: boolean; readonly sessions: SessionsPort },
): Promise<SessionInfo> {
  const { timeout } = parseAs(lifeSchema, await jsonBody(context), { what: "the timeout" });
  findOpen(context, { id, sessions });
  const caller = context.get("caller");
  const session = sessions.change(caller, id, {}); // This is activity: its time is now.
  const now = Date.parse(session.lastActivityAt);
  const lifeMs = lifeOf(timeout);
  if (!mayShorten && now + lifeMs <= Date.parse(session.expiresAt)) return session;
  const ageMs = Math.max(now - Date.parse(session.createdAt), 0); // Negative where the clock was set back.
  const maxLifetimeMs = Math.min(ageMs + lifeMs, MAX_LIFETIME_MS);
  return sessions.change(caller, id, parseSessionChanges({ idleTimeoutMs: lifeMs, maxLifetimeMs }));
}

/** A timeout in ms. A session lives for a second at least. */
function lifeOf(timeoutS: number): number {
  return Math.max(Math.round(timeoutS * 1_000), 1_000);
}

/** Decodes a part of a filter, which clients encode twice. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidField("metadata", "A filter by metadata must be percent-encoded UTF-8");
  }
}

function templateOf({ metadata }: SessionInfo): string {
  return String(metadata[TEMPLATE] ?? "base");
}

/** The access to a sandbox. Its tokens are the caller's own key; without keys there is none. */
function toAccess(context: Context<AppEnv>, session: SessionInfo): object {
  const key = context.get("needsKey") === false ? undefined : keyOf(context.req);
  return {
    ...{
      sandboxID: session.id,
      templateID: templateOf(session),
      clientID: "",
      envdVersion: ENVD_VERSION,
      domain: null,
    },
    ...(key === undefined ? {} : { envdAccessToken: key, trafficAccessToken: key }),
  };
}

function toSandbox(session: SessionInfo): object {
  const { [TEMPLATE]: _template, ...metadata } = session.metadata;
  return {
    ...{ sandboxID: session.id, templateID: templateOf(session), clientID: "", envdVersion: ENVD_VERSION },
    ...{ startedAt: session.createdAt, endAt: session.expiresAt, state: "running", metadata },
  };
}

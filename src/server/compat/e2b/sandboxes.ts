import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError, ignore } from "../../../core/errors.ts";
import { MOST } from "../../../core/limits.ts";
import { pageOf, parseCursor } from "../../../core/page.ts";
import { MAX_LIFETIME_MS, parseSessionRequest } from "../../../core/requests/session_request.ts";
import type { SessionInfo } from "../../../core/session.ts";
import { keyOf } from "../../auth/credential.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { bodyAs } from "../../http/json_body.ts";
import { PAGE_FIELDS, parseQuery } from "../../http/query.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";

/** The version of E2B's daemon whose API this is. Later versions have uploads and events that are not here. */
const ENVD_VERSION = "0.5.2";

/** Templates that stand for a language of their own name's place. Any other template is the name of a language. */
const PYTHON_TEMPLATES = ["base", "code-interpreter-v1", "code-interpreter-beta"];

/** The name under which a session's metadata has its template. */
const TEMPLATE = "e2b.template";

/** The errors of a request whose programs cannot have the network now. Runtimes with it may need more memory. */
const NO_NETWORK = ["permission_denied", "no_suitable_runtime", "runtime_unavailable", "too_large"] as const;

const DEFAULT_TIMEOUT_S = 300;
const MAX_TIMEOUT_S = MAX_LIFETIME_MS / 1_000;

/** A timeout in s, as a time in ms. A session lives for a second at least. */
const lifeSchema = z.looseObject({
  timeout: z.number().min(0).max(MAX_TIMEOUT_S, `At most ${MAX_TIMEOUT_S} s`).default(DEFAULT_TIMEOUT_S)
    .transform((timeoutS) => Math.max(Math.round(timeoutS * 1_000), 1_000)),
});

/** A field for what is not here. It may ask for nothing, as `{ "enabled": false }` does. */
const unsupported = z.unknown().refine(asksForNothing, "It is not supported here").optional();

const createSchema = lifeSchema.extend({
  templateID: z.string().default("base"),
  metadata: z.record(z.string(), z.string()).default({}),
  envVars: z.record(z.string(), z.string()).default({}),
  allow_internet_access: z.boolean().nullish(),
  autoPause: unsupported,
  autoResume: unsupported,
  iam: unsupported,
  mcp: unsupported,
  network: unsupported,
  volumeMounts: unsupported,
});

const listQuery = z.looseObject({
  limit: PAGE_FIELDS.limit,
  nextToken: z.string().optional(),
  order: z.enum(["asc", "desc"]).default("desc"),
  state: z.string().default("running"),
  metadata: z.string().default(""),
  startedAfter: z.iso.datetime({ offset: true }).transform((time) => Date.parse(time)).default(0),
  template: z.string().optional(),
});

/** The calls of the API that controls sandboxes. */
export const CONTROL_CALLS: SandboxCalls = {
  "POST /sandboxes": createSandbox,
  "GET /sandboxes": listSandboxes,
  "GET /sandboxes/{id}": (call) => call.context.json(toSandbox(call, findOpen(call))),
  async "DELETE /sandboxes/{id}"(call) {
    findOpen(call);
    await call.sessions.close(call.caller, call.id);
    return call.context.body(null, 204);
  },
  async "POST /sandboxes/{id}/timeout"(call) {
    await setLife(call, { mayShorten: true });
    return call.context.body(null, 204);
  },
  /** Makes the life of the sandbox longer, and never shorter. */
  async "POST /sandboxes/{id}/connect"(call) {
    return call.context.json(toAccess(call.context, await setLife(call, { mayShorten: false })), 201);
  },
};

/**
 * Creates a session as a sandbox. Programs may compute as long as they may last: E2B bounds their time alone. The
 * network is a wish, as many clients always ask for it: where it cannot be had, the sandbox is without.
 */
async function createSandbox({ caller, context, sessions }: SandboxCall): Promise<Response> {
  const wanted = await bodyAs(context, createSchema, { what: "the sandbox" });
  const { allow_internet_access: wantsNetwork, envVars: env, metadata, templateID, timeout: lifeMs } = wanted;
  const create = async (allowNet: boolean) => {
    const request = parseSessionRequest({
      language: PYTHON_TEMPLATES.includes(templateID) ? "python" : templateID,
      env,
      metadata: { ...metadata, [TEMPLATE]: templateID },
      permissions: { allowNet },
      idleTimeoutMs: MAX_LIFETIME_MS,
      maxLifetimeMs: lifeMs,
    });
    return await sessions.create(caller, { ...request, limits: { cpuMs: MOST } }, { signal: context.req.raw.signal });
  };
  const connected = wantsNetwork === true ? await create(true).catch(ignore(...NO_NETWORK)) : undefined;
  return context.json(toAccess(context, connected ?? await create(false)), 201);
}

/** Lists sandboxes by their start: a page of all that pass the filters. */
function listSandboxes(call: SandboxCall): Response {
  const { caller, context, sessions } = call;
  const query = parseQuery(context.req, listQuery);
  const { limit, metadata, nextToken, order, startedAfter, state, template } = query;
  const wanted = [...new URLSearchParams(metadata.replaceAll("%25", "%"))]; // Clients encode it twice.
  const found = sessions.list(caller, { limit: Infinity }).sessions.filter((session) =>
    isOpen(session) &&
    state.split(",").includes("running") && // Others are paused, and none is here.
    wanted.every(([name, value]) => session.metadata[name] === value) &&
    Date.parse(session.createdAt) >= startedAfter &&
    (template ?? templateOf(session)) === templateOf(session)
  );
  const after = nextToken === undefined ? undefined : parseCursor(nextToken, "sess");
  const { items, nextCursor } = pageOf(found, { after, limit, order });
  if (nextCursor !== undefined) context.header("x-next-token", nextCursor);
  return context.json(items.map((session) => toSandbox(call, session)));
}

/**
 * Finds a sandbox that is open.
 *
 * @throws {CodeBeakerError} `not_found`
 */
export function findOpen({ caller, id, sessions }: SandboxCall): SessionInfo {
  const session = sessions.show(caller, id);
  if (isOpen(session)) return session;
  throw new CodeBeakerError("not_found", `Cannot find the sandbox ${id} as it is closed: create another`);
}

/**
 * Sets the life of a sandbox from now on. The longest life of its session counts from the creation, and a session that
 * came by another door no longer ends for being idle.
 */
async function setLife(call: SandboxCall, { mayShorten }: { readonly mayShorten: boolean }): Promise<SessionInfo> {
  const { caller, context, id, sessions } = call;
  const { timeout: lifeMs } = await bodyAs(context, lifeSchema, { what: "the timeout" });
  findOpen(call);
  const session = sessions.change(caller, id, {}); // This is activity: its time is now.
  const now = Date.parse(session.lastActivityAt);
  if (!mayShorten && now + lifeMs <= Date.parse(session.expiresAt)) return session;
  const ageMs = Math.max(now - Date.parse(session.createdAt), 0); // Negative where the clock was set back.
  const maxLifetimeMs = Math.min(ageMs + lifeMs, MAX_LIFETIME_MS);
  return sessions.change(caller, id, { idleTimeoutMs: MAX_LIFETIME_MS, maxLifetimeMs });
}

function asksForNothing(value: unknown): boolean {
  return typeof value === "object" ? Object.values(value ?? {}).every(asksForNothing) : value === false;
}

function isOpen({ state }: SessionInfo): boolean {
  return state === "active" || state === "idle";
}

function templateOf({ metadata }: SessionInfo): string {
  return String(metadata[TEMPLATE] ?? "base");
}

function identify(session: SessionInfo) {
  return { sandboxID: session.id, templateID: templateOf(session), clientID: "", envdVersion: ENVD_VERSION };
}

/** The access to a sandbox. Its tokens are the caller's own key; without keys there is none. */
function toAccess(context: Context<AppEnv>, session: SessionInfo): object {
  const key = context.get("needsKey") === false ? undefined : keyOf(context.req);
  return { ...identify(session), domain: null, envdAccessToken: key, trafficAccessToken: key };
}

/** Describes a sandbox. Python's client reads no answer without the three sizes. */
function toSandbox({ caller, sessions }: SandboxCall, session: SessionInfo): object {
  const { [TEMPLATE]: _template, ...metadata } = session.metadata;
  const { diskMb, memoryMb } = sessions.limits(caller, session.id);
  return {
    ...identify(session),
    ...{ cpuCount: 1, diskSizeMB: diskMb, memoryMB: memoryMb },
    startedAt: session.createdAt,
    endAt: session.expiresAt,
    state: "running",
    metadata,
    allowInternetAccess: sessions.permissions(caller, session.id).allowNet !== false,
  };
}

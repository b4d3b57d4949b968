import { z } from "zod";
import {
  parseSessionChanges,
  parseSessionRequest,
  sessionChangesSchema,
  sessionRequestSchema,
} from "../../core/requests/session_request.ts";
import { SESSION_STATES, type SessionInfo } from "../../core/session.ts";
import { oneOf, strictObject } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { isCommandFault } from "../http/command_fault.ts";
import { toProblem } from "../http/problem.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { translateCommand } from "./legacy/translate_params.ts";
import type { CallContext } from "./call_context.ts";
import { ExecutionNotifier } from "./execution_notifier.ts";
import { isExecution, toResult } from "./execution_view.ts";
import { defineMethod, type RpcMethod } from "./method.ts";

const MINUTE_MS = 60_000;
const MAX_SESSIONS_LISTED = 1_000;

const sessionId = z.string().min(1).max(256);

/** The methods of sessions. */
export function sessionMethods(
  { sessions, observer, catalogue }: {
    readonly sessions: SessionsPort;
    readonly observer: Observer;
    readonly catalogue: RuntimeCatalogue;
  },
): RpcMethod[] {
  const create = defineMethod({
    name: "session.create",
    scope: "sessions",
    schema: z.looseObject({}),
    request: sessionRequestSchema,
    async run(request, { caller, signal }) {
      const parsed = parseSessionRequest(await catalogue.resolveRuntime(request));
      const session = await sessions.create(caller, parsed, { signal });
      return { ...await toSession(session, catalogue), selection: session.selection };
    },
  });

  const execute = defineMethod({
    name: "session.execute",
    scope: "sessions",
    schema: strictObject({ sessionId, command: z.looseObject({ type: z.string() }), stream: z.boolean().optional() }),
    async run({ sessionId, command, stream }, context) {
      sessions.show(context.caller, sessionId); // A missing session is no fault of the command.
      const startedAt = performance.now();
      const answer = await runCommand({ sessions, observer, sessionId, command, stream }, context);
      return { ...answer, durationMs: Math.round(performance.now() - startedAt) };
    },
  });

  const show = defineMethod({
    name: "session.get",
    scope: "sessions",
    schema: strictObject({ sessionId }),
    run: async ({ sessionId }, { caller }) => await toShown(sessions.show(caller, sessionId), catalogue),
  });

  const update = defineMethod({
    name: "session.update",
    scope: "sessions",
    schema: strictObject({ sessionId, ...sessionChangesSchema.shape }),
    run: async ({ sessionId, ...changes }, { caller }) =>
      await toShown(sessions.change(caller, sessionId, parseSessionChanges(changes)), catalogue),
  });

  const list = defineMethod({
    name: "session.list",
    scope: "sessions",
    schema: strictObject({
      limit: z.int().min(1).max(MAX_SESSIONS_LISTED).default(MAX_SESSIONS_LISTED),
      cursor: z.string().max(256).optional(),
      state: oneOf(SESSION_STATES).optional(),
    }),
    async run(page, { caller }) {
      const { sessions: found, nextCursor } = sessions.list(caller, page);
      const listed = await Promise.all(found.map((session) => toListItem(session, catalogue)));
      return { count: listed.length, sessions: listed, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
  });

  const close = defineMethod({
    name: "session.close",
    scope: "sessions",
    schema: strictObject({ sessionId }),
    async run({ sessionId }, { caller }) {
      await sessions.close(caller, sessionId);
      return { sessionId, closed: true };
    },
  });

  return [create, execute, show, update, list, close];
}

/** One call of `session.execute`. */
interface CommandCall {
  readonly sessions: SessionsPort;
  readonly observer: Observer;
  readonly sessionId: string;
  readonly command: unknown;
  readonly stream: boolean | undefined;
}

/** Runs a command; `error` is a text, as the original's clients expect, and `problem` has the details. */
async function runCommand(
  { sessions, observer, sessionId, command, stream }: CommandCall,
  context: CallContext,
): Promise<object> {
  const { caller, peer, signal } = context;
  const notifier = (stream ?? peer.isStreaming) ? new ExecutionNotifier(peer, { sessionId }) : undefined;
  try {
    const { success, result } = await sessions.command(caller, sessionId, translateCommand(command, context.warnings), {
      signal,
      isInteractive: peer.feeds === "all",
      ...notifier?.options,
    });
    if (!isExecution(result)) return { success, result, error: null };
    await notifier?.complete(result);
    return { success, result: toResult(result), error: null };
  } catch (error) {
    await notifier?.fail(error);
    if (!isCommandFault(error, { sessions, caller, id: sessionId })) throw error;
    observer.refused?.({ caller, what: "session.execute", error });
    const problem = toProblem(error, caller.requestId ?? "");
    return { success: false, result: null, error: problem.detail, problem };
  }
}

/** A session in the original's fields. */
async function toSession(session: SessionInfo, catalogue: RuntimeCatalogue): Promise<object> {
  const { id, language, runtime, createdAt, state, idleTimeoutMs, maxLifetimeMs } = session;
  return {
    sessionId: id,
    // A session has one environment, so one id identifies both.
    environmentId: id,
    containerId: id,
    runtimeType: await catalogue.typeOf(runtime),
    runtime,
    language,
    createdAt,
    state: state.charAt(0).toUpperCase() + state.slice(1),
    config: { idleTimeoutMinutes: idleTimeoutMs / MINUTE_MS, maxLifetimeMinutes: maxLifetimeMs / MINUTE_MS },
  };
}

async function toShown(session: SessionInfo, catalogue: RuntimeCatalogue): Promise<object> {
  return { ...await toListItem(session, catalogue), selection: session.selection };
}

async function toListItem(session: SessionInfo, catalogue: RuntimeCatalogue): Promise<object> {
  const { lastActivityAt, createdAt, expiresAt, executionCount } = session;
  const now = Date.now();
  return {
    ...await toSession(session, catalogue),
    lastActivity: lastActivityAt,
    expiresAt,
    executionCount,
    idleMinutes: (now - Date.parse(lastActivityAt)) / MINUTE_MS,
    lifetimeMinutes: (now - Date.parse(createdAt)) / MINUTE_MS,
  };
}

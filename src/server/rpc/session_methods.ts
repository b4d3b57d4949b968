import { z } from "zod";
import {
  parseSessionChanges,
  parseSessionRequest,
  sessionChangesSchema,
  sessionRequestSchema,
} from "../../core/requests/session_request.ts";
import { SESSION_STATES } from "../../core/answers/vocabulary.ts";
import type { SessionInfo } from "../../core/session.ts";
import { oneOf, strictObject } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { isCommandFault } from "../http/command_fault.ts";
import { toProblem } from "../http/problem.ts";
import { FURTHER_FAULTS } from "../http/send_command_result.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { translateCommand } from "./legacy/translate_params.ts";
import type { CallContext, Peer } from "./call_context.ts";
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
    async run(request, { caller, peer, signal }) {
      const parsed = parseSessionRequest(await catalogue.resolveRuntime(request, peer));
      const session = await sessions.create(caller, parsed, { signal });
      if (peer.isStrict) return withId(session);
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
      const { id } = command;
      const identified = context.peer.isStrict && typeof id === "string" ? { id, ...answer } : answer;
      return { ...identified, durationMs: Math.round(performance.now() - startedAt) };
    },
  });

  const listed = (session: SessionInfo, { isStrict }: Peer) =>
    isStrict ? withId(session) : toListItem(session, catalogue);
  const shown = async (session: SessionInfo, peer: Peer) => ({
    ...await listed(session, peer),
    selection: session.selection,
  });

  const show = defineMethod({
    name: "session.get",
    scope: "sessions",
    schema: strictObject({ sessionId }),
    run: async ({ sessionId }, { caller, peer }) => await shown(sessions.show(caller, sessionId), peer),
  });

  const update = defineMethod({
    name: "session.update",
    scope: "sessions",
    schema: strictObject({ sessionId, ...sessionChangesSchema.shape }),
    run: async ({ sessionId, ...changes }, { caller, peer }) =>
      await shown(sessions.change(caller, sessionId, parseSessionChanges(changes)), peer),
  });

  const list = defineMethod({
    name: "session.list",
    scope: "sessions",
    schema: strictObject({
      limit: z.int().min(1).max(MAX_SESSIONS_LISTED).default(MAX_SESSIONS_LISTED),
      cursor: z.string().max(256).optional(),
      state: oneOf(SESSION_STATES).optional(),
    }),
    async run(page, { caller, peer }) {
      const { sessions: found, nextCursor } = sessions.list(caller, page);
      const all = await Promise.all(found.map((session) => listed(session, peer)));
      return { count: all.length, sessions: all, ...(nextCursor === undefined ? {} : { nextCursor }) };
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

/**
 * Runs a command. A strict client gets REST's answer. Other clients get `error` as a text, which the original's clients
 * expect, and the details in `problem`.
 */
async function runCommand(
  { sessions, observer, sessionId, command, stream }: CommandCall,
  context: CallContext,
): Promise<object> {
  const { caller, lease, peer, signal, warnings } = context;
  const notifier = (stream ?? peer.isStreaming) ? new ExecutionNotifier(peer, { sessionId }) : undefined;
  try {
    const translated = peer.isStrict ? command : translateCommand(command, warnings);
    const { success, result } = await sessions.command(caller, sessionId, translated, {
      signal,
      memory: lease,
      isInteractive: peer.feeds === "all",
      ...notifier?.options,
    });
    if (isExecution(result)) await notifier?.complete(result);
    const answer = { success, result: isExecution(result) ? toResult(result, peer) : result };
    return peer.isStrict ? answer : { ...answer, error: null };
  } catch (error) {
    await notifier?.fail(error);
    const also = peer.isStrict ? FURTHER_FAULTS : [];
    if (!isCommandFault(error, { sessions, caller, id: sessionId, also })) throw error;
    observer.refused?.({ caller, what: "session.execute", error });
    const problem = toProblem(error, caller.requestId ?? "");
    return peer.isStrict
      ? { success: false, error: problem }
      : { success: false, result: null, error: problem.detail, problem };
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

/** A session as in REST, with the id that methods take. */
function withId(session: SessionInfo): object {
  return { ...session, sessionId: session.id };
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

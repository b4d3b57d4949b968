import { z } from "zod";
import { cellSchema, contextSchema, parseCell, parseContextRequest } from "../../core/requests/cell_request.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { ExecutionNotifier } from "./execution_notifier.ts";
import { toResult } from "./execution_view.ts";
import { defineMethod, type RpcMethod } from "./method.ts";

const id = z.string().min(1).max(256);

/** The methods of contexts, a session's interpreters. */
export function contextMethods({ sessions }: { readonly sessions: SessionsPort }): RpcMethod[] {
  const create = defineMethod({
    name: "context.create",
    scope: "sessions",
    schema: strictObject({ sessionId: id, ...contextSchema.shape }),
    async run({ sessionId, ...request }, { caller, signal }) {
      const context = await sessions.contexts(caller, sessionId).create(parseContextRequest(request), { signal });
      return { ...context, contextId: context.id, sessionId };
    },
  });

  const list = defineMethod({
    name: "context.list",
    scope: "sessions",
    schema: strictObject({ sessionId: id }),
    run: ({ sessionId }, { caller }) => ({ contexts: sessions.contexts(caller, sessionId).list() }),
  });

  const execute = defineMethod({
    name: "context.execute",
    scope: "sessions",
    schema: strictObject({ sessionId: id, contextId: id, stream: z.boolean().optional(), ...cellSchema.shape }),
    async run({ sessionId, contextId, stream, ...request }, { caller, peer, signal }) {
      const contexts = sessions.contexts(caller, sessionId);
      const notifier = (stream ?? peer.isStreaming) ? new ExecutionNotifier(peer, { sessionId }) : undefined;
      try {
        const { ended } = await contexts.submit(contextId, parseCell(request), {
          signal,
          ...notifier?.options,
        });
        const execution = await ended;
        await notifier?.complete(execution);
        return toResult(execution, peer);
      } catch (error) {
        await notifier?.fail(error);
        throw error;
      }
    },
  });

  const interrupt = defineMethod({
    name: "context.interrupt",
    scope: "sessions",
    isUrgent: true,
    schema: strictObject({ sessionId: id, contextId: id }),
    run: ({ sessionId, contextId }, { caller }) => ({
      contextId,
      interrupted: sessions.contexts(caller, sessionId).interrupt(contextId),
    }),
  });

  const close = defineMethod({
    name: "context.close",
    scope: "sessions",
    schema: strictObject({ sessionId: id, contextId: id }),
    async run({ sessionId, contextId }, { caller }) {
      await sessions.contexts(caller, sessionId).close(contextId);
      return { contextId, closed: true };
    },
  });

  return [create, list, execute, interrupt, close];
}

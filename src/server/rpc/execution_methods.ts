import { z } from "zod";
import { CodeBeakerError, invalidField } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import { executionRequestSchema, parseExecutionRequest } from "../../core/requests/execution_request.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import type { EnginePort } from "../../engine/port.ts";
import { toReportBody } from "../http/execution_report.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { ExecutionNotifier } from "./execution_notifier.ts";
import { toMissing, toResult, toStatus } from "./execution_view.ts";
import { warn } from "./call_context.ts";
import { defineMethod, type RpcMethod } from "./method.ts";

const executionId = z.string().min(1).max(256);

/** The methods of one-shot executions. */
export function executionMethods(
  { engine, catalogue }: { readonly engine: EnginePort; readonly catalogue: RuntimeCatalogue },
): RpcMethod[] {
  const run = defineMethod({
    name: "execution.run",
    scope: "execute",
    schema: z.looseObject({ wait: z.boolean().default(false), stream: z.boolean().optional() }),
    request: executionRequestSchema,
    async run({ wait, stream, ...request }, context) {
      const parsed = parseExecutionRequest(await catalogue.resolveRuntime(request, context.peer));
      const { language } = parsed;
      if (stream !== undefined && context.peer.notify === undefined) {
        warn(context.warnings, '"stream": this field is ignored');
      }
      const notifier = (stream ?? context.peer.isStreaming)
        ? new ExecutionNotifier(context.peer, { language })
        : undefined;
      const { id, ended } = await engine.submit(context.caller, parsed, {
        memory: context.lease,
        ...(wait ? { signal: context.signal } : { isPatient: true }),
        isInteractive: context.peer.feeds === "all" || (context.peer.feeds === "unawaited" && !wait),
        ...notifier?.options,
      });
      context.lease.keepUntil(ended);
      const reported = reportExit(ended, notifier);
      if (wait) return toResult(await reported, context.peer);
      reported.catch(() => {}); // `execution.status` reports the failure.
      return { ...(context.peer.isStrict ? { id } : {}), executionId: id, status: "queued" };
    },
  });

  const status = defineMethod({
    name: "execution.status",
    schema: strictObject({ executionId }),
    async run({ executionId }, { caller, peer }) {
      if (peer.isStrict) {
        return { ...toReportBody(await engine.report(caller, executionId), caller.requestId ?? ""), executionId };
      }
      try {
        return toStatus(await engine.report(caller, executionId));
      } catch (error) {
        if (error instanceof CodeBeakerError && error.code === "not_found") return toMissing(executionId);
        throw error;
      }
    },
  });

  const cancel = defineMethod({
    name: "execution.cancel",
    isUrgent: true,
    schema: strictObject({ executionId }),
    run({ executionId }, { caller }) {
      engine.cancel(caller, executionId);
      return { executionId, cancelled: true };
    },
  });

  const stdin = defineMethod({
    name: "execution.stdin",
    isUrgent: true,
    schema: strictObject({ executionId, text: z.string().optional(), close: z.boolean().default(false) }),
    async run({ executionId, text, close }, { caller, signal }) {
      if (text === undefined && !close) throw invalidField("text", "Name text, close or both");
      await engine.feed(caller, executionId, { ...(text === undefined ? {} : { text }), close }, { signal });
      return { executionId, closed: close };
    },
  });

  return [run, status, cancel, stdin];
}

/** Waits for the end of an execution, and notifies the client of it. */
async function reportExit(ended: Promise<Execution>, notifier: ExecutionNotifier | undefined): Promise<Execution> {
  try {
    const execution = await ended;
    await notifier?.complete(execution);
    return execution;
  } catch (error) {
    await notifier?.fail(error);
    throw error;
  }
}

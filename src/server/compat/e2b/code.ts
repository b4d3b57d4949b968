import { z } from "zod";
import { clearingOf, type MimeBundle } from "../../../core/cell.ts";
import { invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { MOST } from "../../../core/limits.ts";
import { parseCell, parseContextRequest } from "../../../core/requests/cell_request.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { SubmitOptions } from "../../../engine/port.ts";
import type { ContextsPort } from "../../../sessions/port.ts";
import type { EventFormat } from "../../http/execution_events.ts";
import { bodyAs } from "../../http/json_body.ts";
import { streamExecution } from "../../http/send_execution.ts";
import { failureReason } from "../failure_reason.ts";
import { omittedDisplays } from "../printed_text.ts";
import { submitToDefault } from "../../submit_to_default.ts";
import { encodeEnd, encodeLines, LINES_TYPE, toErrorLine } from "./lines.ts";
import { fromE2bPath } from "./paths.ts";
import { MAX_QUEUE_MS, type SandboxCall, type SandboxCalls } from "./sandbox_call.ts";

/** E2B's names of the forms of a result. */
const FORMS: Readonly<Record<string, string>> = {
  "text/plain": "text",
  "text/html": "html",
  "text/markdown": "markdown",
  "text/latex": "latex",
  "image/svg+xml": "svg",
  "image/png": "png",
  "image/jpeg": "jpeg",
  "application/pdf": "pdf",
  "application/json": "json",
  "application/javascript": "javascript",
};

const executeSchema = z.looseObject({
  code: z.string(),
  context_id: z.string().nullish(),
  language: z.string().min(1).nullish(),
  env_vars: z.strictObject({}, "Variables of one cell are not supported: give them to the sandbox").nullish(),
});

const contextSchema = z.looseObject({ language: z.string().min(1).nullish(), cwd: z.string().nullish() });

/** What a sandbox does with code. */
export const CODE_CALLS: SandboxCalls = {
  async "POST /execute"(call) {
    const { code, context_id, language } = await bodyAs(call.context, executeSchema, { what: "the code" });
    const cell = { ...parseCell({ code }), limits: { timeoutMs: MOST } };
    const contexts = contextsOf(call);
    return await streamExecution(call.context, (events) => {
      const onOutput: SubmitOptions["onOutput"] = (chunk) => chunk.isOfError ? undefined : events.onOutput?.(chunk);
      const options = { ...events, onOutput, maxQueueMs: MAX_QUEUE_MS };
      return typeof context_id === "string"
        ? contexts.submit(context_id, cell, options)
        : submitToDefault(contexts, { language: language ?? undefined, cell, options });
    }, LINES);
  },
  async "POST /contexts"(call) {
    const { cwd, language } = await bodyAs(call.context, contextSchema, { what: "the context" });
    if (fromE2bPath(cwd ?? ".") !== ".") {
      throw invalidField("cwd", "A context begins in the workspace: change its directory by code");
    }
    const wanted = parseContextRequest({ language: language ?? undefined });
    const created = await contextsOf(call).create(wanted, { signal: call.context.req.raw.signal });
    return call.context.json(toContext(created));
  },
  "GET /contexts": (call) => call.context.json(contextsOf(call).list().map(toContext)),
  async "DELETE /contexts/{id}"(call) {
    await contextsOf(call).close(call.context.req.path.slice("/e2b/contexts/".length));
    return call.context.body(null, 204);
  },
};

const LINES: EventFormat = {
  type: LINES_TYPE,
  ping: () => encodeLines([{ type: "keepalive" }]),
  encode(event) {
    switch (event.kind) {
      case "output":
        return encodeLines([toOutputLine(event.stream, event.text)]);
      case "display":
        if (clearingOf(event.data) !== undefined) return encodeLines([]); // Results are a list, from which nothing is taken.
        return encodeLines([{ type: "result", is_main_result: false, ...toForms(event.data) }]);
      case "ended":
        return encodeEnd([omissionOf, numberOf, resultOf].flatMap((linesOf) => linesOf(event.execution)));
      case "failed":
        return encodeEnd([toErrorLine(event.error.code, event.error.message)]);
    }
  },
};

function contextsOf({ caller, id, sessions }: SandboxCall): ContextsPort {
  return sessions.contexts(caller, id);
}

function omissionOf(execution: Execution): object[] {
  const mark = omittedDisplays(execution);
  return mark === undefined ? [] : [toOutputLine("stderr", mark)];
}

function numberOf({ cell = "" }: Execution): object[] {
  const [number] = /\d+$/.exec(cell) ?? [];
  return number === undefined ? [] : [{ type: "number_of_executions", execution_count: Number(number) }];
}

/** The error of a cell, or its value in all forms. Empty where it has neither. */
function resultOf({ error, outcome, text, value, valueType }: Execution): object[] {
  if (error !== undefined) return [toErrorLine(error.name, error.message, error.traceback)];
  const reason = failureReason(outcome);
  if (reason !== undefined) return [toErrorLine(outcome.kind, reason)];
  if (text === undefined && value === undefined) return [];
  const forms = valueType === "mime" ? toForms(value as MimeBundle) : {};
  return [{ type: "result", is_main_result: true, text, ...forms }];
}

/** A line of output. Python's client hands its time on. */
function toOutputLine(type: "stdout" | "stderr", text: string): object {
  return { type, text, timestamp: new Date().toISOString() };
}

function toForms(data: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([type, form]) => [FORMS[type] ?? type, form]));
}

function toContext({ id, language }: { readonly id: string; readonly language: string }): object {
  return { id, language, cwd: WORKSPACE_ROOT };
}

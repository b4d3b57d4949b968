import { z } from "zod";
import type { MimeBundle } from "../../../core/cell.ts";
import { invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { parseCell, parseContextRequest } from "../../../core/requests/cell_request.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { SubmitOptions } from "../../../engine/port.ts";
import type { ContextsPort } from "../../../sessions/port.ts";
import { bodyAs } from "../../http/json_body.ts";
import { OutputDecoder } from "../../http/output_decoder.ts";
import { PacedStream, PING_MS } from "../../http/paced_stream.ts";
import { toProblem } from "../../http/problem.ts";
import { failureReason } from "../failure_reason.ts";
import { submitToDefault } from "../../submit_to_default.ts";
import { fromE2bPath } from "./paths.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";

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
  env_vars: z.record(z.string(), z.string()).refine(
    (variables) => Object.keys(variables).length === 0,
    "Variables of one cell are not supported: give them to the sandbox",
  ).nullish(),
});

const contextSchema = z.looseObject({ language: z.string().min(1).nullish(), cwd: z.string().nullish() });

/** What a sandbox does with code. */
export const CODE_CALLS: SandboxCalls = {
  "POST /execute": executeCode,
  async "POST /contexts"(call) {
    const { cwd, language } = await bodyAs(call.context, contextSchema, { what: "the context" });
    if (typeof cwd === "string" && fromE2bPath(cwd) !== ".") {
      throw invalidField("cwd", "A context begins in the workspace: change its directory by code");
    }
    const wanted = parseContextRequest(typeof language === "string" ? { language } : {});
    const created = await contextsOf(call).create(wanted, { signal: call.context.req.raw.signal });
    return call.context.json(toContext(created));
  },
  "GET /contexts": (call) => call.context.json(contextsOf(call).list().map(toContext)),
};

/** Closes a context of a sandbox. */
export async function closeContext(call: SandboxCall, context: string): Promise<Response> {
  await contextsOf(call).close(context);
  return call.context.body(null, 204);
}

/** Evaluates code, and streams what comes of it as lines of JSON. */
async function executeCode(call: SandboxCall): Promise<Response> {
  const { context } = call;
  const { code, context_id, language } = await bodyAs(context, executeSchema, { what: "the code" });
  const cell = parseCell({ code, timeoutMs: LIMITS.timeoutMs.max });
  const stream = new PacedStream(context.req.raw.signal);
  const writer = new ResultWriter(stream, context.get("requestId"));
  const submitted = typeof context_id === "string"
    ? await contextsOf(call).submit(context_id, cell, writer.options)
    : await submitToDefault(contextsOf(call), { language: language ?? undefined, cell, options: writer.options });
  context.get("lease").keepUntil(submitted.ended);
  writer.writeEnd(submitted.ended);
  return context.body(stream.body, 200, { "content-type": "application/x-ndjson", "cache-control": "no-cache" });
}

function contextsOf({ caller, id, sessions }: SandboxCall): ContextsPort {
  return sessions.contexts(caller, id);
}

/** Writes the lines of one cell as they come. */
class ResultWriter {
  readonly #stream: PacedStream;
  readonly #requestId: string;
  readonly #output = new OutputDecoder();

  constructor(stream: PacedStream, requestId: string) {
    this.#stream = stream;
    this.#requestId = requestId;
  }

  get options(): SubmitOptions {
    return {
      signal: this.#stream.abandoned,
      onOutput: (chunk) => chunk.isOfError ? undefined : this.#writeText(chunk.stream, this.#output.decode(chunk)),
      onDisplay: (data) => this.#write({ type: "result", is_main_result: false, ...toForms(data) }),
    };
  }

  /** Waits for the end of the cell, and writes its value or its error. */
  async writeEnd(ended: Promise<Execution>): Promise<void> {
    using _pings = this.#stream.pingEvery(PING_MS, () => void this.#write({ type: "keepalive" }));
    try {
      const execution = await ended;
      for (const { stream, text } of this.#output.end()) await this.#writeText(stream, text);
      const number = Number(/\d+$/.exec(execution.cell ?? "")?.[0]);
      if (number > 0) await this.#write({ type: "number_of_executions", execution_count: number });
      const last = toLastLine(execution);
      if (last !== undefined) await this.#write(last);
    } catch (error) {
      const { code, detail } = toProblem(error, this.#requestId);
      await this.#write({ type: "error", name: code, value: detail, traceback: detail });
    }
    await this.#write({ type: "end_of_execution" });
    await this.#stream.close();
  }

  async #writeText(type: "stdout" | "stderr", text: string): Promise<void> {
    if (text !== "") await this.#write({ type, text });
  }

  #write(line: object): Promise<void> {
    return this.#stream.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  }
}

/** The error of a cell, or its value in all of its forms. Undefined where it has neither. */
function toLastLine({ error, outcome, text, value, valueType }: Execution): object | undefined {
  if (error !== undefined) {
    return { type: "error", name: error.name, value: error.message, traceback: error.traceback };
  }
  const reason = failureReason(outcome);
  if (reason !== undefined) return { type: "error", name: outcome.kind, value: reason, traceback: reason };
  if (text === undefined && value === undefined) return undefined;
  const forms = valueType === "mime" ? toForms(value as MimeBundle) : {};
  return { type: "result", is_main_result: true, ...(text === undefined ? {} : { text }), ...forms };
}

function toForms(data: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([type, form]) => [FORMS[type] ?? type, form]));
}

function toContext({ id, language }: { readonly id: string; readonly language: string }): object {
  return { id, language, cwd: WORKSPACE_ROOT };
}

import type { Context } from "hono";
import { z } from "zod";
import type { MimeBundle } from "../../../core/cell.ts";
import { invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { parseCell, parseContextRequest } from "../../../core/requests/cell_request.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { SubmitOptions } from "../../../engine/port.ts";
import type { ContextsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { OutputDecoder } from "../../http/output_decoder.ts";
import { PacedStream, PING_MS } from "../../http/paced_stream.ts";
import { toProblem } from "../../http/problem.ts";
import { failureReason } from "../failure_reason.ts";
import { submitToDefault } from "../submit_to_default.ts";
import { fromE2bPath } from "./paths.ts";

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
  env_vars: z.record(z.string(), z.string()).nullish(),
});

const contextSchema = z.looseObject({ language: z.string().min(1).nullish(), cwd: z.string().nullish() });

/** Evaluates code, and streams what comes of it as lines of JSON. */
export async function executeCode(context: Context<AppEnv>, contexts: ContextsPort): Promise<Response> {
  const { code, context_id, env_vars, language } = parseAs(executeSchema, await jsonBody(context), {
    what: "the code",
  });
  if (Object.keys(env_vars ?? {}).length > 0) {
    throw invalidField("env_vars", "Variables of one cell are not supported: give them to the sandbox");
  }
  const cell = parseCell({ code, timeoutMs: LIMITS.timeoutMs.max });
  const stream = new PacedStream(context.req.raw.signal);
  const writer = new ResultWriter(stream, context.get("requestId"));
  const submitted = typeof context_id === "string"
    ? await contexts.submit(context_id, cell, writer.options)
    : await submitToDefault(contexts, { language: language ?? undefined, cell, options: writer.options });
  context.get("lease").keepUntil(submitted.ended);
  writer.writeEnd(submitted.ended);
  return context.body(stream.body, 200, { "content-type": "application/x-ndjson", "cache-control": "no-cache" });
}

/** Creates a context. */
export async function createContext(context: Context<AppEnv>, contexts: ContextsPort): Promise<Response> {
  const { cwd, language } = parseAs(contextSchema, await jsonBody(context), { what: "the context" });
  if (typeof cwd === "string" && fromE2bPath(cwd) !== ".") {
    throw invalidField("cwd", "A context begins in the workspace: change its directory by code");
  }
  const wanted = parseContextRequest(typeof language === "string" ? { language } : {});
  return context.json(toContext(await contexts.create(wanted, { signal: context.req.raw.signal })));
}

/** Lists the contexts of a session. */
export function listContexts(context: Context<AppEnv>, contexts: ContextsPort): Response {
  return context.json(contexts.list().map(toContext));
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
      const { cell = "", error, outcome } = execution;
      const number = Number(/\d+$/.exec(cell)?.[0]);
      if (number > 0) await this.#write({ type: "number_of_executions", execution_count: number });
      const reason = error === undefined ? failureReason(outcome) : undefined;
      if (error !== undefined) await this.#writeError(error.name, error.message, error.traceback);
      else if (reason !== undefined) await this.#writeError(outcome.kind, reason, reason);
      else if (execution.text !== undefined || execution.value !== undefined) {
        await this.#write(toMainResult(execution));
      }
    } catch (error) {
      const { code, detail } = toProblem(error, this.#requestId);
      await this.#writeError(code, detail, detail);
    }
    await this.#write({ type: "end_of_execution" });
    await this.#stream.close();
  }

  async #writeText(type: "stdout" | "stderr", text: string): Promise<void> {
    if (text !== "") await this.#write({ type, text });
  }

  async #writeError(name: string, value: string, traceback: string): Promise<void> {
    await this.#write({ type: "error", name, value, traceback });
  }

  #write(line: object): Promise<void> {
    return this.#stream.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  }
}

/** Translates the value of a cell. A value in several forms has them all. */
function toMainResult({ text, value, valueType }: Execution): object {
  const forms = valueType === "mime" ? toForms(value as MimeBundle) : {};
  return { type: "result", is_main_result: true, ...(text === undefined ? {} : { text }), ...forms };
}

function toForms(data: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([type, form]) => [FORMS[type] ?? type, form]));
}

function toContext({ id, language }: { readonly id: string; readonly language: string }): object {
  return { id, language, cwd: WORKSPACE_ROOT };
}
